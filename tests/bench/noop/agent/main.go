// SPDX-License-Identifier: Apache-2.0

// An agent node attestor that sends a fixed payload: what the SDK alone costs,
// for the benchmarks.
package main

import (
	"context"

	"github.com/spiffe/spire-plugin-sdk/pluginmain"
	nodeattestorv1 "github.com/spiffe/spire-plugin-sdk/proto/spire/plugin/agent/nodeattestor/v1"
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

func (noop) AidAttestation(stream nodeattestorv1.NodeAttestor_AidAttestationServer) error {
	return stream.Send(&nodeattestorv1.PayloadOrChallengeResponse{
		Data: &nodeattestorv1.PayloadOrChallengeResponse_Payload{
			Payload: []byte(`{"task_metadata":"{}","selectors":[]}`),
		},
	})
}

func main() {
	pluginmain.Serve(
		nodeattestorv1.NodeAttestorPluginServer(noop{}),
		configv1.ConfigServiceServer(noop{}),
	)
}
