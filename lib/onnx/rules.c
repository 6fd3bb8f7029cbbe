/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "onnx/reader.h"

static bool belongs(const oc__onnx_rule *rule, const oc__op *op) {
    return rule->op == NULL || strcmp(rule->op, op->name) == 0;
}

bool oc__onnx_is_default(const oc__onnx_node *node) {
    return node->domain[0] == 0 || strcmp(node->domain, "ai.onnx") == 0;
}

static bool fits(const oc__onnx_rule *rule, const oc__onnx_node *node, int64_t opset) {
    if (rule->domain != NULL)
        return strcmp(rule->domain, node->domain) == 0 && strcmp(rule->type, node->type) == 0;
    return oc__onnx_is_default(node) && rule->use != OC_ONNX_WRITE_ONLY && opset >= rule->since &&
        (rule->until == 0 || opset <= rule->until) &&
           strcmp(rule->type, node->type) == 0;
}

/* An op of the caller's goes before all others of its name. */
static const oc__onnx_rule *find_own(oc_context *context, const oc__onnx_node *node, const oc__op **op) {
    char name[128];
    if (oc__onnx_is_default(node) || oc__format(name, sizeof(name), "%s.%s", node->domain, node->type) >= (int)sizeof(name))
        return NULL;
    const oc__op *own = oc__op_named(context, name);
    if (own == NULL)
        return NULL;
    if (op != NULL)
        *op = own;
    return own->onnx;
}

const oc__onnx_rule *oc__onnx_rule_find(oc_context *context, const oc__onnx_node *node, int64_t opset, const oc__op **op) {
    const oc__onnx_rule *own = find_own(context, node, op);
    if (own != NULL)
        return own;
    for (const oc__op *const *at = oc__ops; *at != NULL; at++) {
        for (const oc__onnx_rule *rule = (*at)->onnx; rule != NULL && rule->type != NULL; rule++) {
            if (!belongs(rule, *at) || !fits(rule, node, opset))
                continue;
            if (op != NULL)
                *op = *at;
            return rule;
        }
    }
    for (const oc__onnx_rule *const *list = oc__onnx_composed; *list != NULL; list++) {
        for (const oc__onnx_rule *rule = *list; rule->type != NULL; rule++) {
            if (!fits(rule, node, opset))
                continue;
            if (op != NULL)
                *op = &oc__op_identity; /* such rules make their nodes themselves */
            return rule;
        }
    }
    return NULL;
}

const oc__onnx_rule *oc__onnx_rule_of(const oc__op *op) {
    for (int opset = OC_ONNX_OPSET_WRITTEN; opset <= OC_ONNX_OPSET_MAX; opset++)
        for (const oc__onnx_rule *rule = op->onnx; rule != NULL && rule->type != NULL; rule++)
            if (belongs(rule, op) && rule->use != OC_ONNX_READ_ONLY && rule->since <= opset &&
                (rule->until == 0 || rule->until >= OC_ONNX_OPSET_WRITTEN))
                return rule;
    return NULL;
}

int oc__onnx_opset_of(const oc_node *node) {
    const oc__onnx_rule *rule = oc__onnx_rule_of(node->op);
    int own = rule == NULL ? 0 : rule->since, more = rule == NULL || rule->opset == NULL ? 0 : rule->opset(node);
    return OC_MAX(OC_MAX(own, more), OC_ONNX_OPSET_WRITTEN);
}

static bool same_operator(const oc__onnx_node *a, const oc__onnx_node *b) {
    return strcmp(a->type, b->type) == 0 && strcmp(a->domain, b->domain) == 0;
}

/* Whether the operator is there, in an opset that is not read. */
static bool other_opset(oc_context *context, const oc__onnx_node *node) {
    for (int64_t opset = OC_ONNX_OPSET_MIN; opset <= OC_ONNX_OPSET_MAX; opset++)
        if (oc__onnx_rule_find(context, node, opset, NULL) != NULL)
            return true;
    return false;
}

static bool has_form(const oc__onnx_reader *reader, const oc__onnx_node *node) {
    int64_t opset = reader->scope->opset;
    return (oc__onnx_is_default(node) && oc__onnx_folds(node)) || oc__onnx_rule_find(reader->context, node, opset, NULL) != NULL ||
           oc__onnx_control_find(node, opset) != NULL || oc__onnx_function_find(reader, node) != NULL;
}

void oc__onnx_unsupported(const oc__onnx_reader *reader, const oc__onnx_graph *graph, oc__string *out) {
    const oc__onnx_node *seen[64];
    size_t count = 0, more = 0;
    for (size_t i = 0; i < graph->node_count; i++) {
        const oc__onnx_node *node = &graph->nodes[i];
        size_t k = 0;
        if (has_form(reader, node))
            continue;
        while (k < count && !same_operator(seen[k], node))
            k++;
        if (k < count)
            continue;
        if (count == OC_COUNT(seen) || out->size > 380) {
            more++;
            continue;
        }
        seen[count++] = node;
        const char *name = node->name[0] == 0 && node->out_count > 0 ? node->out[0] : node->name;
        oc__string_printf(out, "%s%s%s%.40s%s (node '%.60s')", count > 1 ? ", " : "", node->domain,
                          node->domain[0] == 0 ? "" : ".",
                          node->type, other_opset(reader->context, node) ? " of this opset" : "", name);
    }
    if (more > 0)
        oc__string_append(out, ", and others");
}
