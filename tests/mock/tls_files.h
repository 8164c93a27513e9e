/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_files.h - an authority, a certificate for 127.0.0.1 and its key, in PEM
 *
 * In the working directory, named after the process.
 */
#ifndef TESTS_MOCK_TLS_FILES_H
#define TESTS_MOCK_TLS_FILES_H

struct tls_files {
	char ca[64], cert[64], key[64];
	char cert_option[96], key_option[96]; /* of fargate-mock */
};

void tls_files_make(struct tls_files *files);
void tls_files_remove(const struct tls_files *files);

#endif
