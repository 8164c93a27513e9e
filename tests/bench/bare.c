/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare.c - the least that a gRPC C core plugin must do to be started
 *
 * A yardstick for start times: linked with the libraries that a plugin of ours
 * links, it opens a socket, prints a handshake and waits to be killed.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#ifdef BARE_WITH_CURL
#include <curl/curl.h>
#endif

int
main(void)
{
	char dir[] = "/tmp/bare-XXXXXX", target[64];
	grpc_completion_queue *queue;
	grpc_server *server;

#ifdef BARE_WITH_CURL
	/* only to need the library */
	if (curl_version_info(CURLVERSION_NOW) == NULL)
		return EXIT_FAILURE;
#endif
	if (mkdtemp(dir) == NULL)
		return EXIT_FAILURE;
	(void)snprintf(target, sizeof(target), "unix:%s/s", dir);
	grpc_init();
	queue = grpc_completion_queue_create_for_next(NULL);
	server = grpc_server_create(NULL, NULL);
	grpc_server_register_completion_queue(server, queue, NULL);
#ifdef HAVE_GRPC_SERVER_ADD_HTTP2_PORT
	grpc_server_add_http2_port(
	    server, target, grpc_insecure_server_credentials_create());
#else
	grpc_server_add_insecure_http2_port(server, target);
#endif
	grpc_server_start(server);
	(void)printf("1|1|unix|%s|grpc|\n", target + 5);
	(void)fflush(stdout);
	/* nobody connects: do not leave the socket to be found */
	(void)unlink(target + 5);
	(void)rmdir(dir);
	(void)pause();
	return EXIT_SUCCESS;
}
