/* SPDX-License-Identifier: Apache-2.0 */
/* An op with params, concrete shapes, types, layouts, prologue and epilogue: what solvers solve.
 *
 * One text form on one line (docs/problems.md): key of the find-db, input of bench, unit of the tests, name in logs. */
#ifndef OC_PROBLEM_H
#define OC_PROBLEM_H

#include "ir/desc.h"

typedef struct oc__problem {
    const struct oc__op *op;
    const void *params; /* op->params_size bytes, normalized by infer */
    int in_count, out_count;
    oc__desc *in, *out; /* in: the op's operands (op_in of them), then those of pre and post */
    int op_in;
    oc__posts pre, post;
} oc__problem;

/* "op:…" */
void oc__problem_text(const oc__problem *problem, oc__string *out);
/* Reads a text; everything is allocated from the arena. The direction may be NULL. */
oc_status oc__problem_parse(oc__arena *arena, const char *text, const char *direction, oc__problem *out, oc_error *err);

typedef struct oc__cost {
    double flops; /* that the op needs by its definition, multiply-add = 2 */
    double bytes; /* operands read once plus outputs written once */
} oc__cost;
oc__cost oc__problem_cost(const oc__problem *problem);

#endif
