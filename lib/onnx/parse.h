/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the messages of a checked model. Texts and lists are made in the parser's arena. */
#ifndef OC_ONNX_PARSE_H
#define OC_ONNX_PARSE_H

#include "onnx/model.h"

typedef struct oc__onnx_parser {
    oc__arena *arena;
    oc_error *err;
} oc__onnx_parser;

/* parse.c */
oc_status oc__onnx_parse_fail(const oc__onnx_parser *p, oc_status status, const char *text);
oc_status oc__onnx_parse_array(const oc__onnx_parser *p, void **out, size_t count, size_t size);
size_t oc__onnx_parse_count(oc__span message, uint32_t number); /* fields of that number */
oc_status oc__onnx_parse_text(const oc__onnx_parser *p, oc__span bytes, const char **out);
oc_status oc__onnx_parse_names(const oc__onnx_parser *p, oc__span message, uint32_t number, const char ***out, int *count);
oc_status oc__onnx_parse_entry(const oc__onnx_parser *p, oc__span message, oc__onnx_text *out);
oc_status oc__onnx_parse_value(const oc__onnx_parser *p, oc__span message, oc__onnx_value *out);

/* parse_node.c; `out` is zeroed */
oc_status oc__onnx_parse_attribute(const oc__onnx_parser *p, oc__span message, oc__onnx_attr *out);
oc_status oc__onnx_parse_node(const oc__onnx_parser *p, oc__span message, oc__onnx_node *out);
oc_status oc__onnx_parse_graph(const oc__onnx_parser *p, oc__span message, oc__onnx_graph *out);

#endif
