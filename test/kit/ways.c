/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/ways.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

static oc_plan *make_plan(kit *k, const oc_graph *graph, oc_plan_params params, int64_t batch) {
    oc_error err = {0};
    oc_plan *plan = NULL;
    params.dims = &(oc_dim_binding){"N", batch};
    params.dim_count = 1;
    KIT_OK(oc_plan_create(&plan, graph, &k->device, 1, &params, &err), &err);
    return plan;
}

/* The output after a second run, in which all memory has been used. Freed by the caller. */
static float *run(kit *k, oc_plan *plan, int64_t batch, int64_t *count) {
    oc_error err = {0};
    oc_exec *exec = NULL;
    oc_tensor *x, *y;
    oc_value_info info = oc_plan_get_output(plan, 0);
    KIT_OK(oc_tensor_create(&x, k->context, NULL, OC_F32, &OC_SHAPE(batch, WAYS_CHANNELS, WAYS_SIDE, WAYS_SIDE), &err), &err);
    KIT_OK(oc_tensor_create(&y, k->context, NULL, OC_F32, &info.shape, &err), &err);
    float *data = oc_tensor_get_data(x);
    for (int64_t i = 0; i < oc_tensor_get_count(x); i++)
        data[i] = (float)(i * 7919 % 256) / 256 - 0.5f;
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    for (int i = 0; i < 2; i++)
        KIT_OK(oc_exec_run(exec, &(oc_binding){"x", x}, 1, &(oc_binding){"y", y}, 1, &err), &err);
    *count = oc_tensor_get_count(y);
    float *out = malloc((size_t)*count * sizeof(*out));
    memcpy(out, oc_tensor_get_data(y), (size_t)*count * sizeof(*out));
    oc_exec_destroy(&exec);
    oc_tensor_destroy(&x);
    oc_tensor_destroy(&y);
    return out;
}

void ways_check(ways_builder build, ways_look look, const void *wanted) {
    kit k;
    oc_error err = {0};
    oc_graph *graph = NULL;
    kit_init(&k, NULL);
    kit_open(&k);
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    const oc_shape shape = OC_SHAPE(oc_graph_symbol(graph, "N"), WAYS_CHANNELS, WAYS_SIDE, WAYS_SIDE);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &shape, &err);
    KIT_OK(oc_graph_output(graph, "y", build(graph, x, &err), &err), &err);
    const oc_plan_params ways[] = {{.reference = true}, {0}, {.no_fusion = true}, {.red_zones = true}};
    for (int64_t batch = 1; batch < 4; batch += 2) {
        float *want = NULL;
        for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
            int64_t count;
            oc_plan *plan = make_plan(&k, graph, ways[i], batch);
            float *got = run(&k, plan, batch, &count);
            for (int64_t n = 0; want && n < count; n++)
                if (!(fabsf(got[n] - want[n]) <= 1e-4f * (1 + fabsf(want[n]))))
                    fail_msg("way %zu, batch %lld, element %lld: %g, not %g", i, (long long)batch, (long long)n, got[n], want[n]);
            if (i == 1)
                look(plan, k.device, batch, wanted);
            free(want ? got : NULL);
            want = want ? want : got;
            oc_plan_destroy(&plan);
        }
        free(want);
    }
    oc_graph_destroy(&graph);
    kit_finish(&k);
}
