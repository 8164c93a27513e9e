// SPDX-License-Identifier: Apache-2.0

// proof.go: what an agent proves itself with, written anew from its description,
// not from the plugins: binding, signature and the three messages.

package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	pluginName  = "aws_fargate_task"
	nonceBytes  = 32
	contentType = "application/x-www-form-urlencoded; charset=utf-8"
	signedNames = "content-type;host;x-amz-date;x-amz-security-token;x-spire-fargate-binding"
	identity    = "Action=GetCallerIdentity&Version=2011-06-15"
)

// What a signature is bound to.
type bound struct {
	trustDomain, serverID, taskARN, stsHost string
	serverNonce, agentNonce                 []byte
}

// The value of the header x-spire-fargate-binding.
func (b bound) value() string {
	h := sha256.New()
	for _, part := range []string{
		"spire-aws-fargate/v1", b.trustDomain, pluginName, b.serverID,
		b.taskARN, b.stsHost, string(b.serverNonce), string(b.agentNonce),
	} {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write([]byte(part))
	}
	return "v1." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// Holds value() against the vector of its description.
func selfTest() error {
	const want = "v1.0esBP9nmF8CCSGzlmOmkcArODKB-O4YP-qlLubBlp4s"
	b := bound{
		trustDomain: "example.org",
		serverID:    "example.org",
		taskARN:     "arn:aws:ecs:us-east-1:123456789012:task/my-cluster/0123456789abcdef0123456789abcdef",
		stsHost:     "sts.us-east-1.amazonaws.com",
	}
	for i := range nonceBytes {
		b.serverNonce = append(b.serverNonce, byte(i))
		b.agentNonce = append(b.agentNonce, byte(nonceBytes+i))
	}
	if got := b.value(); got != want {
		return fmt.Errorf("the binding of the vector is %s, not %s", got, want)
	}
	return nil
}

// Credentials of a task's role, as its credentials endpoint names them.
type roleKeys struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
}

func hexSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, s string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(s))
	return h.Sum(nil)
}

// SigV4 of GetCallerIdentity with a binding; date as in x-amz-date.
func (c roleKeys) sign(host, region, binding, date string) string {
	request := strings.Join([]string{
		"POST", "/", "",
		"content-type:" + contentType,
		"host:" + host,
		"x-amz-date:" + date,
		"x-amz-security-token:" + c.Token,
		"x-spire-fargate-binding:" + binding, "",
		signedNames, hexSHA256(identity),
	}, "\n")
	day := date[:8]
	scope := strings.Join([]string{day, region, "sts", "aws4_request"}, "/")
	text := strings.Join([]string{
		"AWS4-HMAC-SHA256", date, scope, hexSHA256(request),
	}, "\n")
	key := []byte("AWS4" + c.SecretAccessKey)
	for _, part := range []string{day, region, "sts", "aws4_request"} {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

// In full mode nobody reads the task's metadata or its selectors.
func payload(taskARN string, nonce []byte) ([]byte, error) {
	return json.Marshal(map[string]any{
		"task_metadata": "{}",
		"selectors":     []string{},
		"version":       1,
		"task_arn":      taskARN,
		"agent_nonce":   base64.RawURLEncoding.EncodeToString(nonce),
	})
}

type challenge struct {
	nonce                                  []byte
	trustDomain, serverID, stsHost, region string
}

// The members of an object, none of them twice; encoding/json would keep the
// last, and take a name in another case.
func members(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("is no object")
	}
	found := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		if _, twice := found[name.(string)]; twice {
			return nil, fmt.Errorf("has %q twice", name)
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		found[name.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text[d.InputOffset():])) != 0 {
		return nil, errors.New("has more behind it")
	}
	return found, nil
}

func readChallenge(text []byte) (*challenge, error) {
	found, err := members(text)
	if err != nil {
		return nil, fmt.Errorf("the challenge %w", err)
	}
	var c challenge
	var nonce string
	for name, value := range map[string]*string{
		"nonce": &nonce, "trust_domain": &c.trustDomain,
		"server_id": &c.serverID, "sts_host": &c.stsHost, "region": &c.region,
	} {
		var ok bool
		if *value, ok = found[name].(string); !ok {
			return nil, fmt.Errorf("the challenge has no text %q", name)
		}
	}
	if len(found) != 7 || found["version"] != json.Number("1") {
		return nil, errors.New("the challenge is not of version 1")
	}
	ttl, ok := found["ttl"].(json.Number)
	if n, err := ttl.Int64(); !ok || err != nil || n < 1 {
		return nil, errors.New("the challenge leaves no time")
	}
	c.nonce, err = base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(c.nonce) != nonceBytes {
		return nil, fmt.Errorf("the challenge's nonce has not %d bytes", nonceBytes)
	}
	return &c, nil
}

// What an agent demands before it signs.
func (c *challenge) check(trustDomain, stsHost, region string) error {
	for _, one := range []struct{ name, got, want string }{
		{"trust_domain", c.trustDomain, trustDomain},
		{"server_id", c.serverID, trustDomain},
		{"sts_host", c.stsHost, stsHost},
		{"region", c.region, region},
	} {
		if one.got != one.want {
			return fmt.Errorf("the challenge's %s is %q, not %q", one.name, one.got, one.want)
		}
	}
	return nil
}

func response(keys roleKeys, c *challenge, taskARN string, agentNonce []byte) ([]byte, error) {
	binding := bound{
		c.trustDomain, c.serverID, taskARN, c.stsHost, c.nonce, agentNonce,
	}.value()
	date := time.Now().UTC().Format("20060102T150405Z")
	return json.Marshal(map[string]any{
		"version":       1,
		"access_key_id": keys.AccessKeyID,
		"amz_date":      date,
		"session_token": keys.Token,
		"signature":     keys.sign(c.stsHost, c.region, binding, date),
	})
}
