// SPDX-License-Identifier: Apache-2.0

// A server node attestor that believes everything at once: what the SDK alone
// costs, for the benchmarks.
package main

import (
	"context"

	"github.com/spiffe/spire-plugin-sdk/pluginmain"
	nodeattestorv1 "github.com/spiffe/spire-plugin-sdk/proto/spire/plugin/server/nodeattestor/v1"
	configv1 "github.com/spiffe/spire-plugin-sdk/proto/spire/service/common/config/v1"
)

type noop struct {
	nodeattestorv1.UnimplementedNodeAttestorServer
	configv1.UnimplementedConfigServer
}

func (noop) Configure(context.Context, *configv1.ConfigureRequest) (*configv1.ConfigureResponse, error) {
	return &configv1.ConfigureResponse{}, nil
}

func (noop) Validate(context.Context, *configv1.ValidateRequest) (*configv1.ValidateResponse, error) {
	return &configv1.ValidateResponse{Valid: true}, nil
}

func (noop) Attest(stream nodeattestorv1.NodeAttestor_AttestServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	return stream.Send(&nodeattestorv1.AttestResponse{
		Response: &nodeattestorv1.AttestResponse_AgentAttributes{
			AgentAttributes: &nodeattestorv1.AgentAttributes{
				SpiffeId:       "spiffe://example.org/spire/agent/noop/0",
				SelectorValues: []string{"account:123456789012", "cluster:noop"},
				CanReattest:    true,
			},
		},
	})
}

func main() {
	pluginmain.Serve(
		nodeattestorv1.NodeAttestorPluginServer(noop{}),
		configv1.ConfigServiceServer(noop{}),
	)
}
