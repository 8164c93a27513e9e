/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigv4-sign.c - sign a case of AWS's public signing suite, or anybody's
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/vector.h"

enum { FILE_MAX = 1024 * 1024 };

static const char help[] =
    "usage: sigv4-sign CONTEXT.json REQUEST.txt\n"
    "\n"
    "Sign a request with AWS Signature Version 4, in the Authorization header,\n"
    "and print each step.  The two files are as in aws-signing-test-suite/v4\n"
    "of github.com/awslabs/aws-c-auth:\n"
    "\n"
    "CONTEXT.json  {\"credentials\": {\"access_key_id\", \"secret_access_key\",\n"
    "              \"token\"?}, \"region\", \"service\", \"timestamp\":\n"
    "              \"2015-08-30T12:36:00Z\", \"normalize\"? (true), \"sign_body\"?\n"
    "              (false), \"omit_session_token\"? (false)}; other members are\n"
    "              not read\n"
    "REQUEST.txt   request line, headers, an empty line, the body; lines end\n"
    "              in LF or CRLF.  The target may hold raw spaces and UTF-8.\n"
    "              X-Amz-Date and what else the context asks for are added.  A\n"
    "              line that begins with a blank is one more value of the\n"
    "              header before it.\n"
    "\n"
    "Prints, each text as signed and with one line end behind it:\n"
    "\n"
    "  --- canonical request\n"
    "  --- string to sign\n"
    "  --- signature\n"
    "  --- authorization\n"
    "\n"
    "Exit status: 0, or 1 with a sentence on standard error.\n";

static int
read_file(struct buf *out, const char *path, struct err *err)
{
	char part[4096];
	size_t n;
	bool ok;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return err_set(
		    err, ERR_SYSTEM, "cannot open %s", CLEAN(str_of(path)));
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, (struct str){ part, n });
	ok = ferror(f) == 0;
	(void)fclose(f);
	if (!ok)
		return err_set(
		    err, ERR_SYSTEM, "cannot read %s", CLEAN(str_of(path)));
	if (buf_text(out) == NULL)
		return buf_check(out, err);
	return ERR_OK;
}

static void
print(const char *title, struct str text)
{
	(void)printf("--- %s\n", title);
	(void)fwrite(text.p, 1, text.n, stdout);
	(void)putchar('\n');
}

static int
sign(const char *context, struct str request, struct err *err)
{
	struct vector_context c;
	struct sigv4_request req;
	struct sigv4_signed out;
	int r = vector_context(&c, context, err);

	sigv4_signed_init(&out);
	if (r == ERR_OK)
		r = vector_request(&req, request, err);
	if (r != ERR_OK)
		goto out;
	req.keep_path = c.keep_path;
	r = sigv4_sign(&out, &req, &c.credentials, &c.scope, c.flags, err);
	if (r != ERR_OK)
		goto out;
	print("canonical request", buf_str(&out.canonical_request));
	print("string to sign", buf_str(&out.string_to_sign));
	print("signature", str_of(out.signature));
	print("authorization", buf_str(&out.authorization));
out:
	sigv4_signed_release(&out);
	vector_context_release(&c);
	return r;
}

int
main(int argc, char **argv)
{
	struct buf context, request;
	struct err err = { 0 };
	int r;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		(void)fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (argc != 3) {
		(void)fputs(
		    "usage: sigv4-sign CONTEXT.json REQUEST.txt\n", stderr);
		return EXIT_FAILURE;
	}
	buf_init(&context, FILE_MAX);
	buf_init(&request, FILE_MAX);
	r = read_file(&context, argv[1], &err);
	if (r == ERR_OK)
		r = read_file(&request, argv[2], &err);
	if (r == ERR_OK)
		r = sign(context.p, buf_str(&request), &err);
	buf_wipe(&context);
	buf_release(&request);
	if (r == ERR_OK && fflush(stdout) == 0)
		return EXIT_SUCCESS;
	(void)fprintf(stderr, "sigv4-sign: %s\n",
	    r == ERR_OK ? "cannot write the output" : err.msg);
	return EXIT_FAILURE;
}
