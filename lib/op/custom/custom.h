/* SPDX-License-Identifier: Apache-2.0 */
/* The room of the caller's own ops: an oc__op and its solvers made of what the caller says, kept alive by what uses them. */
#ifndef OC_CUSTOM_ROOM_H
#define OC_CUSTOM_ROOM_H

#include <ocelli/custom.h>
#include <stdatomic.h>

#include "op/onnx_rule.h"
#include "op/room.h"

/* An argument of a kernel, or several. */
typedef enum oc__custom_arg_kind {
    OC_CUSTOM_OPERAND = 1, /* buffer and place; index -1: all of them */
    OC_CUSTOM_SIZE,        /* of axis `at` */
    OC_CUSTOM_COUNT,
    OC_CUSTOM_ITEMS,     /* along axis `at` */
    OC_CUSTOM_FIELD_ARG, /* index -1: all of them; at -1: all entries */
    OC_CUSTOM_NUMBER,
    OC_CUSTOM_WORKSPACE,
    OC_CUSTOM_LOCAL
} oc__custom_arg_kind;

typedef struct oc__custom_arg {
    oc__custom_arg_kind kind;
    bool out; /* an output, not an operand */
    int index, at;
} oc__custom_arg;

typedef struct oc__custom_kernel {
    oc_custom_kernel given; /* with texts of our own */
    oc__custom_arg *args;
    int arg_count;
    uint32_t types; /* bit i: type i */
    oc__solver solver;
} oc__custom_kernel;

struct oc_custom {
    oc__op op; /* first: an op of the caller's is found from it */
    oc_context *context;
    oc__arena arena;
    oc_custom_params given;
    oc__custom_kernel *kernels;
    const oc__solver *solvers[OC_CUSTOM_KERNELS + 1];
    oc__onnx_rule rules[2];
    char key[64];
    atomic_size_t uses;
    struct oc_custom *next; /* in the context's list, by its lock */
};

static inline const oc_custom *oc__custom_of(const oc__op *op) {
    return (const oc_custom *)op;
}

/* What callbacks are shown of a problem. */
typedef struct oc__custom_view {
    oc_custom_problem problem;
    oc_operand_desc in[OC_CUSTOM_OPERANDS], out[OC_CUSTOM_OUTPUTS];
} oc__custom_view;
void oc__custom_view_init(oc__custom_view *view, const oc__problem *problem);

/* check.c: whether the params make sense; args.c: reads the list of arguments. */
oc_status oc__custom_check(oc_context *context, const oc_custom_params *params, oc_error *err);
bool oc__custom_is_word(const char *name); /* of the language of args: no name for a field */
oc_status oc__custom_read_args(oc_custom *custom, oc__custom_kernel *kernel, oc_error *err);
oc_status oc__custom_read_types(oc_custom *custom, oc__custom_kernel *kernel, oc_error *err);
/* Adds them to a step. */
void oc__custom_put_args(const oc__recording *recording, oc__step *step, const oc__custom_kernel *kernel,
                         const oc_custom_launch *launch);

/* op.c, kernel.c, onnx.c: fill the parts of the op. */
void oc__custom_make_op(oc_custom *custom);
void oc__custom_make_solvers(oc_custom *custom);
bool oc__custom_make_rules(oc_custom *custom); /* false: out of memory */
int oc__custom_passes(const oc__custom_kernel *kernel);

#endif
