/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diagnose.h - --diagnose: what a server would see of this task, and why not
 *
 * Run by hand inside of a task, without SPIRE: metadata, credentials, the STS
 * that a server may name, and a signed GetCallerIdentity where that STS can be
 * reached.  A line for each on standard output, with the cure where it failed.
 * Nothing secret is printed.
 */
#ifndef AGENT_DIAGNOSE_H
#define AGENT_DIAGNOSE_H

/* config_path: as for --check-config, or NULL.  Returns the exit status. */
int agent_diagnose(const char *value, const char *config_path);

#endif
