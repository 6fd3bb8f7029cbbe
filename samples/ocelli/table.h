/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of what a graph consists of. */
#ifndef TABLE_H
#define TABLE_H

#include "app.h"

/* A row a layer: its operators, output, memory, parameters, multiply-adds; and the sums. */
void table_print(const oc_summary *summary);
/* The members "parameters", "macs" and "nodes" of a JSON object. */
void table_json(const oc_summary *summary);
/* A count with blanks between thousands; the buffer has 40 bytes. */
const char *count_text(double count, char *buffer);

#endif
