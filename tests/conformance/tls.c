/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "conformance/tls.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/fail.h"
#include "host/httpd.h"

struct tls {
	SSL_CTX *ctx;
	int fd, port;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	size_t told, connections;
};

static void
listen_to(struct tls *t, SSL *ssl)
{
	static const char answer[] =
	    "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
	char text[16384];
	int n = SSL_accept(ssl) == 1 ? SSL_read(ssl, text, sizeof(text)) : 0;

	pthread_mutex_lock(&t->lock);
	t->connections++;
	t->told += n > 0 ? (size_t)n : 0;
	pthread_mutex_unlock(&t->lock);
	if (n > 0)
		(void)SSL_write(ssl, answer, (int)strlen(answer));
}

static void *
serve(void *arg)
{
	struct tls *t = arg;
	int fd;

	while ((fd = accept(t->fd, NULL, NULL)) >= 0) {
		SSL *ssl = SSL_new(t->ctx);

		SSL_set_fd(ssl, fd);
		listen_to(t, ssl);
		SSL_free(ssl);
		close(fd);
	}
	return NULL;
}

struct tls *
tls_start(const char *ca_path, enum cert cert)
{
	struct tls *t = need_alloc(sizeof(*t));

	t->ctx = certs_make(ca_path, cert);
	t->fd = httpd_listen(&t->port);
	pthread_mutex_init(&t->lock, NULL);
	NEED(pthread_create(&t->thread, NULL, serve, t) == 0,
	    "pthread_create");
	return t;
}

void
tls_stop(struct tls *t)
{
	shutdown(t->fd, SHUT_RDWR);
	pthread_join(t->thread, NULL);
	close(t->fd);
	SSL_CTX_free(t->ctx);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

int
tls_port(const struct tls *t)
{
	return t->port;
}

static size_t
read_locked(struct tls *t, const size_t *value)
{
	size_t n;

	pthread_mutex_lock(&t->lock);
	n = *value;
	pthread_mutex_unlock(&t->lock);
	return n;
}

size_t
tls_connections(struct tls *t)
{
	return read_locked(t, &t->connections);
}

size_t
tls_told(struct tls *t)
{
	return read_locked(t, &t->told);
}
