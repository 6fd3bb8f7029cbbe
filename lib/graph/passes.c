/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which a plan's graph is rewritten, and notes of what was done. */
#include <stdarg.h>
#include <stdio.h>

#include "graph/graph.h"

typedef struct pass {
    const char *name;
    oc_status (*run)(oc_graph *graph, oc_error *err);
    bool inference; /* only where asked for */
    bool fusion;    /* not where nodes are to stay steps of their own */
    bool widen;     /* only where asked for */
} pass;

static const pass passes[] = {
    {"inference", oc__pass_inference, .inference = true},
    {"widen", oc__pass_widen, .widen = true},
    {"taps", oc__pass_taps},
    {"lift", oc__pass_lift},
    {"fold", oc__pass_fold},
    {"transpose", oc__pass_transpose},
    {"simplify", oc__pass_simplify},
    {"common", oc__pass_common},
    {"norm", oc__pass_norm, .fusion = true},
    {"named", oc__pass_named, .fusion = true},
    {"fuse", oc__pass_fuse, .fusion = true},
    {"chain", oc__pass_chain, .fusion = true},
};

void oc__pass_note(const oc_graph *graph, const oc_node *node, const char *format, ...) {
    char text[256];
    va_list args;
    if (!graph->notes)
        return;
    va_start(args, format);
    oc__vformat(text, sizeof(text), format, args);
    va_end(args);
    if (node->name)
        oc__string_printf(graph->notes, "  %s (%s) %s\n", node->name, node->op->name, text);
    else
        oc__string_printf(graph->notes, "  node %d (%s) %s\n", node->id, node->op->name, text);
}

const char *oc__node_label(const oc_node *node) {
    return node->name ? node->name : node->op->name;
}

oc_status oc__rewrite(oc_graph *graph, const oc__rewriting *wanted, oc_error *err) {
    for (size_t i = 0; i < OC_COUNT(passes); i++) {
        const pass *p = &passes[i];
        if ((p->inference && !wanted->inference) || (p->fusion && !wanted->fusion) || (p->widen && !wanted->widen))
            continue;
        if (graph->notes)
            oc__string_printf(graph->notes, "%s: of %zu nodes\n", p->name, graph->node_count);
        OC_TRY(p->run(graph, err));
        if (graph->notes)
            oc__string_printf(graph->notes, "  %zu nodes are left\n", graph->node_count);
    }
    return OC_OK;
}
