/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX models put together byte by byte, as other programs write them; and graphs computed on the host. */
#ifndef OC_KIT_MODEL_H
#define OC_KIT_MODEL_H

#include "kit/kit.h"
#include "onnx/wire.h"

#include <ocelli/onnx.h>

#define ONNX_FLOAT32 1
#define ONNX_INT32 6
#define ONNX_INT64 7
#define ONNX_BOOL8 9
#define ONNX_FLOAT16 10
#define ONNX_DOUBLE64 11

typedef struct model {
    oc_context *context;
    int opset, ir_version;
    oc__string graph, attributes, head;
} model;

void model_init(model *m, oc_context *context, int opset);
void model_finish(model *m);
/* Attributes of the node that is added next. */
void model_int(model *m, const char *name, int64_t value);
void model_float(model *m, const char *name, float value);
void model_text(model *m, const char *name, const char *text);
void model_ints(model *m, const char *name, int count, ...); /* int64_t each */
void model_body(model *m, const char *name, model *body); /* a graph; body is finished */
void model_reference(model *m, const char *name, int type, const char *attribute); /* of the function */
void model_domain(model *m, const char *domain);
/* Names are separated by blanks; "-" is one that is left out. */
void model_node(model *m, const char *type, const char *in, const char *out);
/* dims: "N,3,4"; "" is a scalar, "?" a size without a name. */
void model_input(model *m, const char *name, int type, const char *dims);
void model_output(model *m, const char *name);
/* Initializers: raw, or (typed) in the field of their type, packed or not. */
void model_raw(model *m, const char *name, int type, const char *dims, const void *data, size_t size);
void model_floats(model *m, const char *name, const char *dims, const float *values, int count);
void model_longs(model *m, const char *name, const char *dims, int count, ...); /* int64_t each */
void model_field(model *m, const char *name, int type, const char *dims, const oc__string *field);
void model_constant(model *m, const char *name, int count, ...); /* a Constant node: a list of int64_t; count 0: a scalar */
/* The nodes of body as an operator of the domain "own"; body is finished. */
void model_function(model *m, const char *name, const char *in, const char *out, model *body);
void model_metadata(model *m, const char *key, const char *text);

/* All of it. The string is the caller's. */
void model_bytes(const model *m, oc__string *out);
oc_status model_read(const model *m, oc_graph **out, oc_error *err);

/* Every byte, one after another, gets other values: no crash, and no success without a graph. */
void model_changed_bytes(oc_context *context, oc__string *bytes);

/* Computes output `index` of a graph in double precision, all symbols being n. Inputs and states without data hold small numbers
 * that depend on their names; *out is to be freed with free(). Returns the number of elements. */
int64_t model_compute(oc_graph *graph, int64_t n, size_t index, double **out);
/* Gives states that have no values the numbers model_compute() would take. */
void model_give_states(oc_graph *graph);
/* What is built of `count` constants of f32 must be these elements, to 1e-5. data[i] NULL (or data NULL): 1, 2, 3, … */
void model_gives(oc_context *context, oc_value *(*build)(oc_graph *graph, oc_value **x, oc_error *err), const oc_shape *shapes,
                 const float *const *data, int count, const double *want, size_t want_count);
#define MODEL_LIST(...) (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double)
/* Fails unless two graphs give the same. */
void model_same(oc_graph *a, oc_graph *b, int64_t n);

/* $OCELLI_DATA/sub, NULL (said once) if there is none; a buffer that the next call overwrites. */
const char *model_data(const char *sub);

#endif
