// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	agentv1 "github.com/spiffe/spire-api-sdk/proto/spire/api/server/agent/v1"
	"github.com/spiffe/spire-api-sdk/proto/spire/api/types"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// A task, as the mock's control says it.
type task struct {
	ARN             string `json:"taskArn"`
	CredentialsPath string `json:"credentialsPath"`
}

// Where all agents are.
type world struct {
	server, trustDomain string
	roots               *x509.CertPool
	mock                *url.URL
	http                *http.Client
}

func (w *world) ask(ctx context.Context, path string, to any) error {
	request, err := http.NewRequestWithContext(ctx, "GET", w.mock.JoinPath(path).String(), nil)
	if err != nil {
		return err
	}
	answer, err := w.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, answer.Status)
	}
	return json.Unmarshal(text, to)
}

// A SPIRE server's certificate has no name of a host but a SPIFFE ID.
func (w *world) verify(state tls.ConnectionState) error {
	leaf := state.PeerCertificates[0]
	between := x509.NewCertPool()
	for _, one := range state.PeerCertificates[1:] {
		between.AddCert(one)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots:         w.roots,
		Intermediates: between,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return err
	}
	want := "spiffe://" + w.trustDomain + "/spire/server"
	if len(leaf.URIs) != 1 || leaf.URIs[0].String() != want {
		return fmt.Errorf("the server is %v, not %s", leaf.URIs, want)
	}
	return nil
}

// A connection of one's own, as agents have.
func (w *world) connect() (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+w.server, grpc.WithNoProxy(),
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
			MinVersion:         tls.VersionTLS12,
			InsecureSkipVerify: true, // verify() does it
			VerifyConnection:   w.verify,
		})))
}

// An agent that attests, once.
type agent struct {
	*world
	task
	key    *ecdsa.PrivateKey
	csr    []byte
	nonce  []byte
	stream agentv1.Agent_AttestAgentClient
}

func (w *world) newAgent(t task) (*agent, error) {
	a := &agent{world: w, task: t, nonce: make([]byte, nonceBytes)}
	rand.Read(a.nonce) // never fails
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	a.csr, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, a.key)
	return a, err
}

func (a *agent) sendPayload() error {
	text, err := payload(a.ARN, a.nonce)
	if err != nil {
		return err
	}
	return a.stream.Send(&agentv1.AttestAgentRequest{
		Step: &agentv1.AttestAgentRequest_Params_{
			Params: &agentv1.AttestAgentRequest_Params{
				Data: &types.AttestationData{
					Type:    pluginName,
					Payload: text,
				},
				Params: &agentv1.AgentX509SVIDParams{Csr: a.csr},
			},
		},
	})
}

// The answer to the challenge, which is waited for.
func (a *agent) answer() ([]byte, error) {
	step, err := a.stream.Recv()
	if err != nil {
		return nil, err
	}
	if step.GetChallenge() == nil {
		return nil, errors.New("no challenge came")
	}
	c, err := readChallenge(step.GetChallenge())
	if err != nil {
		return nil, err
	}
	region := strings.Split(a.ARN, ":")[3]
	if err := c.check(a.trustDomain, a.mock.Host, region); err != nil {
		return nil, err
	}
	var keys roleKeys
	if err := a.ask(a.stream.Context(), a.CredentialsPath, &keys); err != nil {
		return nil, err
	}
	return response(keys, c, a.ARN, a.nonce)
}

// The agent ID that comes with an SVID for our key.
func (a *agent) verdict() (string, error) {
	step, err := a.stream.Recv()
	if err != nil {
		return "", err
	}
	svid := step.GetResult().GetSvid()
	if svid == nil || len(svid.CertChain) == 0 {
		return "", errors.New("no SVID came")
	}
	leaf, err := x509.ParseCertificate(svid.CertChain[0])
	if err != nil {
		return "", err
	}
	id := "spiffe://" + svid.Id.GetTrustDomain() + svid.Id.GetPath()
	if len(leaf.URIs) != 1 || leaf.URIs[0].String() != id || !a.key.PublicKey.Equal(leaf.PublicKey) {
		return "", errors.New("the SVID is another's")
	}
	return id, nil
}

// Attests; what it answers the challenge with waits for may().
func (a *agent) attest(ctx context.Context, may func()) (string, error) {
	conn, err := a.connect()
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if a.stream, err = agentv1.NewAgentClient(conn).AttestAgent(ctx); err != nil {
		return "", err
	}
	if err := a.sendPayload(); err != nil {
		return "", err
	}
	text, err := a.answer()
	if err != nil {
		return "", err
	}
	may()
	err = a.stream.Send(&agentv1.AttestAgentRequest{
		Step: &agentv1.AttestAgentRequest_ChallengeResponse{ChallengeResponse: text},
	})
	if err != nil && err != io.EOF { // EOF: Recv says why
		return "", err
	}
	return a.verdict()
}
