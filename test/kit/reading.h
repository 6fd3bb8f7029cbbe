/* SPDX-License-Identifier: Apache-2.0 */
/* Models made in a test, read, and compared with graphs built by hand. One kit and one model for a test program. */
#ifndef OC_KIT_READING_H
#define OC_KIT_READING_H

#include <ocelli/ocelli.h>

#include "kit/model.h"

static kit k;
static model m;

static inline int set_up(void **state) {
    (void)state;
    kit_init(&k, NULL);
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    kit_finish(&k);
    return 0;
}

static inline oc_graph *read_model(void) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    KIT_OK(model_read(&m, &graph, &err), &err);
    model_finish(&m);
    return graph;
}

static inline void read_fails(oc_status status, const char *part) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    KIT_FAILS(status, part, model_read(&m, &graph, &err), &err);
    assert_null(graph);
    model_finish(&m);
}

/* The first output must be what `want` builds from the same inputs (and states, by name). */
typedef oc_value *(*builder)(oc_graph *graph, oc_value *x, oc_error *err);

static inline void check_against(builder want, int64_t n) {
    oc_error err = {0};
    oc_graph *got = read_model(), *wanted;
    KIT_OK(oc_graph_create(&wanted, k.context, &err), &err);
    oc_value_info x = oc_graph_get_input(got, 0);
    for (int i = 0; i < x.shape.rank; i++)
        if (x.shape.dims[i] < 0)
            x.shape.dims[i] = n;
    oc_value *value = want(wanted, oc_graph_input(wanted, "x", x.dtype, &x.shape, &err), &err);
    KIT_OK(oc_graph_output(wanted, "y", value, &err), &err);
    model_same(got, wanted, n);
    oc_graph_destroy(&got);
    oc_graph_destroy(&wanted);
}

static inline void begin(int opset, const char *dims) {
    model_init(&m, k.context, opset);
    model_input(&m, "x", ONNX_FLOAT32, dims);
    model_output(&m, "y");
}

#endif
