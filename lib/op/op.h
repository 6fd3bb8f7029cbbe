/* SPDX-License-Identifier: Apache-2.0 */
/* What an op is. Each has a row in ops.def and a room of its own; adding one touches nothing else.
 *
 * Shapes in an inference may hold symbols (negative sizes); in problems they are numbers. */
#ifndef OC_OP_H
#define OC_OP_H

#include "ir/ir.h"
#include "op/problem.h"
#include "op/solver.h"

#define OC_VARIADIC 127
#define OC_SEGMENT 64 /* bytes: alignment of values that lie one behind another */

/* A field of a params struct: for problem texts, printing, comparing. */
typedef enum oc__field_type { OC_FIELD_I64 = 1, OC_FIELD_I32, OC_FIELD_F32, OC_FIELD_BOOL } oc__field_type;
typedef struct oc__field {
    const char *name;
    oc__field_type type;
    uint16_t offset, count; /* count: array entries */
} oc__field;
#define OC_FIELD(type, params, name) {#name, type, offsetof(params, name), 1}
#define OC_FIELD_ARRAY(type, params, name, count) {#name, type, offsetof(params, name), count}

size_t oc__field_bytes(const oc__field *field);

/* Shape rule: reads in[], normalizes params (defaults filled in, negative axes made positive), fills out[] (type and shape). */
typedef struct oc__inference {
    oc_context *context;
    const struct oc__op *op;
    void *params;
    int in_count, out_count;
    const oc__desc *in;
    oc__desc *out;
    oc__symbols *symbols; /* for formulas of symbols; NULL where all sizes are numbers */
} oc__inference;

/* Gradient as nodes. diff_out[i] is NULL where no gradient arrives; leave diff_in[i] NULL where there is none or where !wanted[i]. */
typedef struct oc__gradient {
    oc_graph *graph;
    const oc_node *node;
    oc_value *const *diff_out;
    oc_value **diff_in;
    const bool *wanted;
} oc__gradient;

/* Which axis of operand 0 and of output 0 can be cut so that parts computed alone are parts of the result; -1: none, and why. */
typedef struct oc__batch_rule {
    int axis;
    const char *why;
} oc__batch_rule;
#define OC_BATCH_AXIS0 {0, NULL}
#define OC_BATCH_NONE(why) {-1, why}

typedef enum oc__op_flags {
    OC_OP_ELTWISE = 1,    /* output 0 has the broadcast shape of the operands, element by element */
    OC_OP_VIEW = 2,       /* output 0 is operand 0's elements in the same order: needs no step (plain layout) */
    OC_OP_SHAPE_ONLY = 4, /* operand `like_operand` and those behind it are needed for their shapes only */
    OC_OP_RANDOM = 8,     /* not folded */
    OC_OP_EXACT = 16,     /* integer-valued inputs of small size give exact results: compared bit by bit */
    OC_OP_OPTIONAL_OUTPUTS = 64, /* outputs behind the first that nobody uses have type NONE in the problem and are not computed */
    OC_OP_GATHERED = 32   /* operands of one kind must lie in one slab (fused updates) */
} oc__op_flags;

typedef struct oc__op {
    const char *name;
    int in_min, in_max, out_count; /* OC_VARIADIC: any number; out_count OC_VARIADIC: infer sets it */
    uint32_t flags;
    int like_operand; /* with OC_OP_SHAPE_ONLY */
    size_t params_size;
    const oc__field *fields; /* ends with a NULL name; may be NULL */
    oc_status (*infer)(oc__inference *inference, oc_error *err);
    oc_status (*gradient)(oc__gradient *gradient, oc_error *err); /* NULL: not differentiable */
    oc__cost (*cost)(const oc__problem *problem);                 /* NULL: no arithmetic, bytes of operands and outputs */
    oc__batch_rule batch;
    /* The definition, in double precision, on plain row-major arrays: proves `ref`, folds constants, is the tests' reference.
     * Optional operands that are left out are NULL. Every type is carried as double (i64 exact to 2^53). */
    oc_status (*host)(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err);
    /* OC_OP_GATHERED: operands first … first + size * count - 1 are `count` groups of `size`; those of a group lie one behind
     * another, each at a multiple of OC_SEGMENT bytes from the group's first. */
    void (*groups)(const oc__problem *problem, int *first, int *size, int *count);
    /* Operand in whose memory an output is written (an update in place): -1 for none. NULL: none. Such nodes run last. */
    int (*alias)(const oc__problem *problem, int output);
    /* Makes the sizes of operands smaller, same tails, for verification. NULL: every size over 64 is cut, alike. */
    void (*shrink)(const oc__problem *from, oc__desc *in);
    const oc__solver *const *solvers; /* ends with NULL; the last one is `ref`; NULL for views */
    const struct oc__onnx_rule *onnx; /* ends with a NULL type; NULL: none */
    /* Elementwise ops: OpenCL C of the function, of x (and y), a (alpha) and b (beta), for float and floatN alike. */
    const char *expression;
    bool keeps_zero; /* f(0), f(0, 0) = 0: padding lanes stay zero by themselves */
    bool bias_last; /* OC_POST_BIAS and OC_POST_SCALE go along the last axis of the output, not axis 1 */
    /* Compact problem texts, such as "mb1ic64ih56oc64oh56kh3ph1"; NULL: the generic form. print gives the body of the problem's
     * sizes and params; parse fills in[] (types f32, `dtype` later), in_count and params from it and returns false with why. */
    bool (*print)(const oc__problem *problem, oc__string *out); /* false: this one has no compact text */
    bool (*parse)(oc__arena *arena, const char *body, oc__problem *out, char why[OC_WHY]);
    const struct oc_custom *custom; /* an op of the caller's, which this is a part of; NULL: one of the table */
    const char *key;    /* of it: of its sources; NULL: those of the library */
    uint64_t serial;    /* of it: no other of the context ever had it */
    const char *family;    /* directions of one operation share it ("conv2d"); NULL: the name */
    const char *direction; /* "bwd_data", "bwd_weights"; NULL: "fwd" */
} oc__op;

/* batch.c: whether parts of a node's result along the first axis come from those parts of the operands that have the size `batch` (a
 * symbol) there; else why not. */
bool oc__batch_can_be_cut(const oc_node *node, int64_t batch, char why[OC_WHY]);

/* What a node's params say, by the name of the field: entry `index` of it; 0 where the op has no such field. */
bool oc__op_has_param(const oc__op *op, const char *name);
int64_t oc__node_param(const oc_node *node, const char *name, int index);
bool oc__node_axes_have(const oc_node *node, int64_t axis); /* params axes and axis_count: 0 are all */
bool oc__node_is(const oc_node *node, const char *op);
/* Whether an operand's numbers are not read: only its shape counts. */
bool oc__is_shape_only(const oc__op *op, int op_in, int operand);

/* ops.c: the table. */
extern const oc__op *const oc__ops[]; /* ends with NULL */
const oc__op *oc__op_find(const char *name);
/* The one of the table, or the caller's of that name. */
const oc__op *oc__op_named(oc_context *context, const char *name);
/* Ops of the caller's (custom/): graphs, plans and ops that use one keep it. A NULL one is accepted. */
void oc__custom_retain(void *custom);
void oc__custom_release(void *custom);
#define OC_OP(name) extern const oc__op oc__op_##name;
#include "op/ops.def"
#undef OC_OP

/* The op of a family and direction ("fwd" or NULL: forward). */
const oc__op *oc__op_find_direction(const char *family, const char *direction);

/* The op that brings a value from a plain layout into another. */
const oc__op *oc__op_of_reorder(const oc__layout *to);

/* infer.c: checks counts and types of an op's operands, runs its rule. in[] and out[] hold type and shape. */
oc_status oc__infer(oc_context *context, const oc__op *op, void *params, const oc__desc *in, int in_count, oc__desc *out,
                    int *out_count, oc__symbols *symbols, oc_error *err);
/* Helpers of shape rules. */
bool oc__is_float(oc_dtype dtype); /* what all ops compute with: f32, f16 */
bool oc__is_real(oc_dtype dtype);  /* those and f64, bf16 */
bool oc__weights_fit(oc_dtype src, oc_dtype weights); /* one floating-point type, or f32 by weights that are stored as f16 */
bool oc__is_unsigned(oc_dtype dtype);
oc_status oc__infer_axis(const oc__inference *inference, int64_t *axis, int rank, oc_error *err); /* makes it >= 0 */
oc_status oc__infer_broadcast(const oc__inference *inference, const oc_shape *a, const oc_shape *b, oc_shape *out, oc_error *err);
/* node.c: adds a node of any op to a graph: infers, then adds. params (op->params_size bytes; NULL: zeros) is copied. A NULL
 * operand below in_min passes the graph's first error on. out receives the outputs. */
oc_status oc__graph_node(oc_graph *graph, const oc__op *op, const void *params, oc_value *const *in, int in_count,
                         oc_value **out, int out_capacity, oc_error *err);
/* The same, giving output 0; NULL on failure. */
oc_value *oc__graph_node1(oc_graph *graph, const oc__op *op, const void *params, oc_value *const *in, int in_count,
                          oc_error *err);
/* Whether src and weights, where both are given, have one type, as gradients and ONNX want it; else the graph fails, saying so. Only plans
 * and problems mix them (oc__weights_fit()). */
bool oc__graph_one_type(oc_graph *graph, const oc__op *op, const oc_value *src, const oc_value *weights, oc_error *err);

/* "conv2d: " in front, and the operands' shapes behind: OC_ERROR_SHAPE. */
oc_status oc__infer_fail(const oc__inference *inference, oc_error *err, const char *format, ...) OC_FORMAT(3, 4);

#endif
