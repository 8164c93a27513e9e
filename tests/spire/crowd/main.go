// SPDX-License-Identifier: Apache-2.0

// crowd plays one agent for each task of a fargate-mock against a real SPIRE
// server, all at once, and prints what became of them as one JSON object.
// Binding and signature are its own, apart from the plugins'.
package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/status"
)

// What became of them.
type tally struct {
	Agents   int `json:"agents"`
	Accepted int `json:"accepted"`
	// By what they were told, or found wrong themselves.
	Refused map[string]int `json:"refused"`
	// From when they may answer the challenge to the last verdict.
	Seconds float64 `json:"seconds"`
	// Agent IDs that differ.
	IDs int `json:"ids"`
}

// Where all meet before they answer; who fails earlier leaves.
type barrier struct {
	missing sync.WaitGroup
	open    chan struct{}
	opened  time.Time
}

func newBarrier(n int) *barrier {
	b := &barrier{open: make(chan struct{})}
	b.missing.Add(n)
	go func() {
		b.missing.Wait()
		b.opened = time.Now()
		close(b.open)
	}()
	return b
}

type outcome struct {
	id  string
	err error
}

func play(ctx context.Context, w *world, tasks []task, together bool) (*tally, error) {
	crowd := make([]*agent, len(tasks))
	for i, t := range tasks {
		var err error
		if crowd[i], err = w.newAgent(t); err != nil {
			return nil, err
		}
	}
	needed := 0
	if together {
		needed = len(crowd)
	}
	meeting := newBarrier(needed)
	outcomes := make(chan outcome)
	for _, a := range crowd {
		go func() {
			come := sync.OnceFunc(func() {
				if together {
					meeting.missing.Done()
				}
			})
			id, err := a.attest(ctx, func() {
				come()
				<-meeting.open
			})
			come()
			outcomes <- outcome{id, err}
		}()
	}
	t := &tally{Agents: len(crowd), Refused: map[string]int{}}
	ids := map[string]bool{}
	for range crowd {
		o := <-outcomes
		if o.err == nil {
			t.Accepted++
			ids[o.id] = true
		} else if s, ok := status.FromError(o.err); ok {
			t.Refused[s.Code().String()+": "+s.Message()]++
		} else {
			t.Refused[o.err.Error()]++
		}
	}
	t.IDs = len(ids)
	<-meeting.open
	t.Seconds = time.Since(meeting.opened).Seconds()
	return t, nil
}

func run() error {
	server := flag.String("server", "", "`host:port` of the SPIRE server")
	bundle := flag.String("bundle", "", "`file` with its trust bundle, PEM")
	mock := flag.String("mock", "", "`URL` of the mock")
	domain := flag.String("trust-domain", "example.org", "`name` of the trust domain")
	together := flag.Bool("together", true, "answer challenges when all have got theirs")
	timeout := flag.Duration("timeout", 90*time.Second, "for all of it")
	flag.Parse()
	if err := selfTest(); err != nil {
		return err
	}
	w := &world{
		server: *server, trustDomain: *domain, roots: x509.NewCertPool(),
		// No proxy: the mock is near.
		http: &http.Client{Transport: &http.Transport{MaxConnsPerHost: 16}},
	}
	var err error
	if w.mock, err = url.Parse(*mock); err != nil {
		return err
	}
	pem, err := os.ReadFile(*bundle)
	if err != nil {
		return err
	}
	if !w.roots.AppendCertsFromPEM(pem) {
		return errors.New("there is no certificate in " + *bundle)
	}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	var tasks []task
	if err := w.ask(ctx, "/mock/tasks", &tasks); err != nil {
		return err
	}
	t, err := play(ctx, w, tasks, *together)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(t)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "crowd:", err)
		os.Exit(1)
	}
}
