/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/scenario.h"

/* conf/fargate-mock.conf says the same; a test holds the two together. */
const char scenario_builtin[] =
    "account '123456789012' { }\n"
    "cluster 'test-cluster' { }\n"
    "task_definition 'fargate-spire-demo:1' {\n"
    "	cpu = 256\n"
    "	memory = 512\n"
    "	container 'spire-agent' {\n"
    "		image = 'ghcr.io/spiffe/spire-agent:1.15.3'\n"
    "	}\n"
    "	container 'demo-app' {\n"
    "		image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/"
    "demo-app:latest'\n"
    "	}\n"
    "}\n"
    "task 'demo' {\n"
    "	id = '1234567890abcdef1234567890abcdef'\n"
    "	service = 'demo-service'\n"
    "	tags = { 'Environment=development', 'Service=demo-service',\n"
    "	    'Team=platform' }\n"
    "}\n";
