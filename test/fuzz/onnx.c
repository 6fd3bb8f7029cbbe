/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an ONNX model, up to a graph that is bound to sizes, rewritten, cut into groups and placed on devices that a file
 * describes: no crash, no leak, no lie. */
#include <ocelli/onnx.h>
#include <ocelli/plan.h>

#include "fuzz/fuzz.h"
#include "graph/graph.h"

/* Constants are folded by the host: models that take it long say nothing more. */
static bool is_small(const oc_graph *graph) {
    int64_t total = 0;
    for (size_t i = 0; i < graph->value_count; i++) {
        int64_t count = oc_shape_count(&graph->values[i]->shape);
        total = count < 0 || count > 1 << 20 ? INT64_MAX / 2 : total + count;
        if (total > 1 << 20)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    oc_error err = {0};
    oc_graph *graph = NULL, *bound = NULL;
    oc_status status = oc_onnx_read_memory(&graph, fuzz_context(), data, size, NULL, &err);
    fuzz_check((status == OC_OK) == (graph != NULL), "status and graph do not agree");
    fuzz_check(status == OC_OK || err.text[0] != 0, "a failure without a sentence");
    if (status == OC_OK) {
        const oc__copy_params copy = {.bind = true, .default_dim = 2};
        status = oc__graph_copy(&bound, graph, &copy, &err);
        fuzz_check(status == OC_OK || err.text[0] != 0, "a failure without a sentence");
    }
    if (bound != NULL && is_small(bound)) {
        const oc_plan_params params = {.default_dim = 2, .forecast = true, .machine = OCELLI_MACHINE};
        oc_plan *plan = NULL;
        status = oc_plan_create(&plan, graph, NULL, 0, &params, &err);
        fuzz_check((status == OC_OK) == (plan != NULL), "status and plan do not agree");
        fuzz_check(status == OC_OK || err.text[0] != 0, "a failure without a sentence");
        oc_plan_destroy(&plan);
    }
    oc_graph_destroy(&bound);
    oc_graph_destroy(&graph);
    fuzz_memory();
    return 0;
}
