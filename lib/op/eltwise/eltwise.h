/* SPDX-License-Identifier: Apache-2.0 */
/* The room of elementwise functions: one machine, a row a function. */
#ifndef OC_ELTWISE_ROOM_H
#define OC_ELTWISE_ROOM_H

#include <ocelli/op/eltwise.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__eltwise_onnx[];

typedef struct oc__eltwise {
    const oc__op *op;
    const char *integers; /* OpenCL C for integer types; NULL: floating-point only */
    bool bool_too;
    oc_dtype result; /* 0: that of the operands */
    double flops; /* an element, roughly */
    double (*host)(double x, double y, double a, double b);
} oc__eltwise;

extern const oc__eltwise oc__eltwise_rows[]; /* ends with a NULL op */
const oc__eltwise *oc__eltwise_find(const oc__op *op);

/* How the two operands of a problem lie to each other: the big one has the output's shape; the small one's elements are those
 * of axes from … to - 1 of it, repeated over the others. */
typedef struct oc__eltwise_form {
    int big, small;       /* operand numbers; small: -1 for none */
    bool same;            /* all operands have the output's shape */
    bool scalar;          /* the small one is one element */
    int from, to;         /* else: the axes */
    int64_t outer, middle, inner; /* sizes before, of, and behind these axes */
} oc__eltwise_form;
/* False: neither operand has the output's shape, or the small one is repeated in a more complicated way. */
bool oc__eltwise_form_of(const oc__problem *problem, oc__eltwise_form *out);
/* The layout all big operands get, from what they have now; small ones stay plain. */
void oc__eltwise_layouts(const oc__problem *problem, const oc__caps *caps, oc__layout *in, oc__layout *out);
/* Whether elements are computed as vectors of float: operands and result are f32 or f16. */
bool oc__eltwise_in_floats(const oc__problem *problem);
/* Types, number of operands, and the expression: what every program begins with. */
void oc__eltwise_define(const oc__problem *problem, oc__string *defines);
/* Alpha and beta as the kernel takes them: float, or long for integer types. */
void oc__eltwise_params(const oc__recording *recording, oc__step *step);

/* Gradient rules. */
oc_status oc__eltwise_grad_output(oc__gradient *gradient, oc_error *err); /* by "<name>_bwd" (y, dy) */
oc_status oc__eltwise_grad_input(oc__gradient *gradient, oc_error *err);  /* by "<name>_bwd" (x, dy) */
oc_status oc__eltwise_grad_mask(oc__gradient *gradient, oc_error *err);   /* of such a "_bwd" that is a mask on dy */
oc_status oc__eltwise_grad_curve(oc__gradient *gradient, oc_error *err);  /* of sigmoid_bwd, tanh_bwd, sqrt_bwd, reciprocal_bwd */
oc_status oc__eltwise_grad_exp(oc__gradient *gradient, oc_error *err);
oc_status oc__eltwise_grad_log(oc__gradient *gradient, oc_error *err);
oc_status oc__eltwise_grad_neg(oc__gradient *gradient, oc_error *err);
oc_status oc__eltwise_grad_add(oc__gradient *gradient, oc_error *err);
oc_status oc__eltwise_grad_sub(oc__gradient *gradient, oc_error *err);
oc_status oc__eltwise_grad_mul(oc__gradient *gradient, oc_error *err);
oc_status oc__eltwise_grad_div(oc__gradient *gradient, oc_error *err);
oc_status oc__eltwise_grad_pow(oc__gradient *gradient, oc_error *err);
oc_status oc__eltwise_grad_pow_slope(oc__gradient *gradient, oc_error *err); /* of pow_da, pow_db */
oc_status oc__eltwise_grad_max(oc__gradient *gradient, oc_error *err);
oc_status oc__eltwise_grad_min(oc__gradient *gradient, oc_error *err);

oc_status oc__eltwise_grad_zero(oc__gradient *gradient, oc_error *err);  /* of functions that are constant piece by piece */
oc_status oc__eltwise_grad_chain(oc__gradient *gradient, oc_error *err); /* by the derivative that derivatives.c has */
oc_status oc__eltwise_grad_prelu(oc__gradient *gradient, oc_error *err);
oc_status oc__eltwise_grad_mod(oc__gradient *gradient, oc_error *err);
/* Sums what was repeated, and hands it out as the gradient of operand i. */
oc_status oc__eltwise_give(oc__gradient *gradient, int i, oc_value *value, oc_error *err);

oc_status oc__eltwise_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                           oc_error *err);

/* Of operands of one shape and one layout, or of one element. half: the expression for HALF of cl/eltwise_flat.cl, or NULL. */
bool oc__eltwise_is_flat(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
oc_status oc__eltwise_record_flat(const oc__recording *recording, const char *half, oc_error *err);

extern const oc__solver oc__eltwise_half, oc__eltwise_flat, oc__eltwise_by_rows, oc__eltwise_ref;

#endif
