/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

const char *count_text(double count, char *buffer) {
    char digits[40];
    int length = snprintf(digits, sizeof(digits), "%.0f", count), at = 0;
    for (int i = 0; i < length && at < 38; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buffer[at++] = ' ';
        buffer[at++] = digits[i];
    }
    buffer[at] = 0;
    return buffer;
}

/* A layer: the sums of its nodes, and its last node's output. */
typedef struct layer {
    oc_node_info first, last;
    char ops[64];
    int64_t parameters;
    double macs;
    uint64_t bytes;
} layer;

static void add_node(layer *layer, const oc_node_info *node) {
    size_t used = strlen(layer->ops);
    if (layer->first.op == NULL)
        layer->first = *node;
    snprintf(layer->ops + used, sizeof(layer->ops) - used, "%s%s", used > 0 ? "+" : "", node->op);
    layer->last = *node;
    layer->parameters += node->parameters;
    layer->macs += node->macs;
    layer->bytes = node->bytes;
}

static void print_row(const layer *row) {
    char shape[200], parameters[40], macs[40], bytes[40];
    printf("%-28s %-28s %-20s %14s %14s %18s\n", row->first.name, row->ops, shape_text(&row->last.shape, shape),
           count_text((double)row->bytes, bytes), count_text((double)row->parameters, parameters), count_text(row->macs, macs));
}

void table_print(const oc_summary *summary) {
    oc_summary_info info = oc_summary_get_info(summary);
    layer *layers = calloc(info.layers + 1, sizeof(*layers));
    layer all = {.ops = "sums"};
    printf("%-28s %-28s %-20s %14s %14s %18s\n", "layer", "operators", "output", "bytes", "parameters", "multiply-adds");
    for (size_t i = 0; layers != NULL && i < info.nodes; i++) {
        oc_node_info node = oc_summary_get_node(summary, i);
        add_node(&layers[node.layer], &node);
    }
    for (size_t i = 0; layers != NULL && i < info.layers; i++) {
        print_row(&layers[i]);
        all.bytes += layers[i].bytes;
    }
    char parameters[40], macs[40], bytes[40];
    printf("%-28s %-28s %-20s %14s %14s %18s\n", "", all.ops, "", count_text((double)all.bytes, bytes),
           count_text((double)info.parameters, parameters), count_text(info.macs, macs));
    free(layers);
}

static void json_node(const oc_node_info *node) {
    json_open('{');
    json_key("name");
    json_text(node->name);
    json_key("op");
    json_text(node->op);
    json_key("layer");
    json_integer((int64_t)node->layer);
    json_key("type");
    json_text(oc_dtype_name(node->dtype));
    json_key("shape");
    json_shape(&node->shape);
    json_key("bytes");
    json_integer((int64_t)node->bytes);
    json_key("parameters");
    json_integer(node->parameters);
    json_key("macs");
    json_integer((int64_t)node->macs);
    json_close();
}

void table_json(const oc_summary *summary) {
    oc_summary_info info = oc_summary_get_info(summary);
    json_key("nodes");
    json_open('[');
    for (size_t i = 0; i < info.nodes; i++) {
        oc_node_info node = oc_summary_get_node(summary, i);
        json_node(&node);
    }
    json_close();
    json_key("parameters");
    json_integer(info.parameters);
    json_key("macs");
    json_integer((int64_t)info.macs);
}
