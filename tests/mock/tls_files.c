/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_files.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

#include "loop/certs.h"
#include "testing.h"

static FILE *
create(const char *path)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	return f;
}

void
tls_files_make(struct tls_files *files)
{
	int pid = (int)getpid();
	SSL_CTX *ctx;
	FILE *f;

	snprintf(files->ca, sizeof(files->ca), "mock-ca-%d.pem", pid);
	snprintf(files->cert, sizeof(files->cert), "mock-cert-%d.pem", pid);
	snprintf(files->key, sizeof(files->key), "mock-key-%d.pem", pid);
	ctx = certs_make(files->ca, CERT_GOOD);
	f = create(files->cert);
	ck_assert_int_eq(
	    PEM_write_X509(f, SSL_CTX_get0_certificate(ctx)), 1);
	ck_assert_int_eq(fclose(f), 0);
	f = create(files->key);
	ck_assert_int_eq(PEM_write_PrivateKey(f, SSL_CTX_get0_privatekey(ctx),
			     NULL, NULL, 0, NULL, NULL),
	    1);
	ck_assert_int_eq(fclose(f), 0);
	SSL_CTX_free(ctx);
	snprintf(files->cert_option, sizeof(files->cert_option),
	    "--tls-cert=%s", files->cert);
	snprintf(files->key_option, sizeof(files->key_option), "--tls-key=%s",
	    files->key);
}

void
tls_files_remove(const struct tls_files *files)
{
	(void)unlink(files->ca);
	(void)unlink(files->cert);
	(void)unlink(files->key);
}
