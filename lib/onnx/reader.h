/* SPDX-License-Identifier: Apache-2.0 */
/* A model on its way to becoming a graph. */
#ifndef OC_ONNX_READER_H
#define OC_ONNX_READER_H

#include <ocelli/onnx.h>

#include "onnx/model.h"

/* What a name of the model stands for. A value of the graph is made of it when one is needed. */
typedef struct oc__onnx_binding {
    const char *name;
    const oc__onnx_tensor *initializer; /* NULL: none */
    oc_value *value;                    /* NULL: not yet */
    oc_tensor *tensor;                  /* contents, where they are known (and loaded); owned */
    uint64_t symbols;                   /* see oc__onnx_known */
    bool evaluated;                     /* the contents follow from given inputs */
    bool constant;                      /* may be folded away: no parameter that training changes */
    bool operand, frozen;               /* how nodes use it */
    struct oc__onnx_binding *next;      /* of all, for the end */
} oc__onnx_binding;

/* Names to bindings: open addressing. */
typedef struct oc__onnx_names {
    oc_context *context;
    oc__onnx_binding **slots;
    size_t count, capacity; /* a power of two */
} oc__onnx_names;

typedef struct oc__onnx_reader {
    oc_context *context;
    oc_graph *graph;
    oc__onnx_model model;
    oc__onnx_files files;
    oc__onnx_names names, used; /* used: by nodes and outputs */
    oc__onnx_binding *bindings;
    const oc_onnx_given *given;
    size_t given_count;
} oc__onnx_reader;

/* given.c */
const oc_tensor *oc__onnx_given_find(const oc__onnx_reader *reader, const char *name); /* NULL: none */
/* The contents of a value where they follow from constants and given inputs; else *out is NULL. */
oc_status oc__onnx_evaluate(oc__onnx_reader *reader, const oc_value *value, oc_tensor **out, oc_error *err);

/* names.c */
oc__onnx_binding *oc__onnx_names_find(const oc__onnx_names *names, const char *name);
bool oc__onnx_names_add(oc__onnx_names *names, oc__onnx_binding *binding); /* false when out of memory */
void oc__onnx_names_finish(oc__onnx_names *names);

/* scope.c */
oc_status oc__onnx_bind(oc__onnx_reader *reader, const char *name, oc__onnx_binding **out, oc_error *err); /* a new name */
oc_status oc__onnx_binding_load(oc__onnx_reader *reader, oc__onnx_binding *binding, oc_error *err); /* an initializer's contents */
oc_status oc__onnx_binding_value(oc__onnx_reader *reader, oc__onnx_binding *binding, oc_value **out, oc_error *err);
/* Takes the tensor, also on failure. */
oc_status oc__onnx_bind_tensor(oc__onnx_reader *reader, const char *name, oc_tensor *tensor, uint64_t symbols, oc_error *err);
void oc__onnx_reader_finish(oc__onnx_reader *reader);

/* rules.c: the rules of all ops. The first that fits; op may be NULL. */
const oc__onnx_rule *oc__onnx_rule_find(const oc__onnx_node *node, int64_t opset, const oc__op **op);
const oc__onnx_rule *oc__onnx_rule_of(const oc__op *op); /* to write it, NULL: none */
/* "Einsum, com.x.Foo, Conv of opset 5": every operator of the model that has no rule; an empty text if there is none. */
void oc__onnx_unsupported(const oc__onnx_model *model, oc__string *out);

/* node.c. err is not NULL. */
oc_status oc__onnx_read_node(oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err);
/* Fills reading->out from reading->in by the rule. */
oc_status oc__onnx_run_rule(const oc__onnx_reading *reading, oc_error *err);

/* fold.c: nodes that are computed while reading. */
bool oc__onnx_folds(const oc__onnx_node *node); /* a type that exists only here: Constant, Shape, … */
/* Lists of sizes (i64, up to 64 entries, perhaps symbols). *out stays NULL where it does not apply. */
oc_status oc__onnx_fold_sizes(const oc__onnx_reading *reading, oc_tensor **out, uint64_t *symbols, oc_error *err);
/* Computes the outputs of a node by the ops' definitions; known holds all inputs. out[i] stays NULL where it is too much work. */
oc_status oc__onnx_fold_node(const oc__onnx_reading *reading, oc_tensor **out, oc_error *err);
oc_status oc__onnx_fold_constant_of_shape(oc__onnx_reader *reader, const oc__onnx_reading *reading, oc_tensor **out, oc_error *err);
/* The tensor of a Constant node. */
oc_status oc__onnx_fold_constant(oc__onnx_reader *reader, const oc__onnx_reading *reading, oc_tensor **out, oc_error *err);

#endif
