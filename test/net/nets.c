/* SPDX-License-Identifier: Apache-2.0 */
/* Known networks have the parameters and shapes of their papers. */
#include <string.h>

#include <ocelli/ocelli.h>

#include "kit/kit.h"

static oc_graph *build(kit *k, const char *name, const oc_shape *sample, const oc_net_params *params) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc_shape shape = {sample->rank + 1, {0}};
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    shape.dims[0] = oc_graph_symbol(graph, "N");
    memcpy(shape.dims + 1, sample->dims, sizeof(int64_t) * (size_t)sample->rank);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &shape, &err);
    KIT_OK(oc_graph_output(graph, "y", oc_net_build(graph, name, x, params, &err), &err), &err);
    KIT_OK(oc_graph_check(graph, &err), &err);
    return graph;
}

static int64_t parameters(const oc_graph *graph) {
    int64_t sum = 0;
    for (size_t i = 0; i < oc_graph_state_count(graph); i++) {
        oc_value_info info = oc_graph_get_state(graph, i);
        sum += info.trainable ? oc_shape_count(&info.shape) : 0;
    }
    return sum;
}

/* The parameters of papers and of torchvision, written down a second time. */
static const struct {
    const char *name;
    int64_t parameters, with_heads;
} counts[] = {
    {"mlp", 13002, 0},
    {"lenet5", 61706, 0},
    {"alexnet", 62378344, 0},
    {"alexnet_groups", 60965224, 0},
    {"alexnet_narrow", 61100840, 0},
    {"zfnet", 62357608, 0},
    {"vgg11", 132863336, 0},
    {"vgg13", 133047848, 0},
    {"vgg16", 138357544, 0},
    {"vgg16_c", 138357544 - 8 * (256 * 256 + 2 * 512 * 512), 0}, /* three kernels of 1 in place of 9 */
    {"vgg19", 143667240, 0},
    {"googlenet", 6998552, 13378280},
    {"googlenet_norm", 6624904, 13004888},
    {"inception_v3", 23834568, 27161264},
    {"plain18", 11689512 - 173824, 0}, /* without the shortcuts' convolutions and norms */
    {"plain34", 21797672 - 173824, 0},
    {"resnet18", 11689512, 0},
    {"resnet34", 21797672, 0},
    {"resnet50", 25557032, 0},
    {"resnet101", 44549160, 0},
    {"resnet152", 60192808, 0},
    {"densenet121", 7978856, 0},
    {"densenet169", 14149480, 0},
    {"densenet201", 20013928, 0},
    {"squeezenet1_0", 1248424, 0},
    {"squeezenet1_1", 1235496, 0},
    {"mobilenet_v1", 4231976, 0},
    {"mobilenet_v2", 3504872, 0},
    /* VGG-16's convolutions, two wide layers and scores, and interpolation */
    {"fcn32s", 14714688 + 102764544 + 16781312 + 86037 + 64 * 64 * 21 * 21, 0},
    {"fcn8s", 14714688 + 102764544 + 16781312 + 86037 + 513 * 21 + 257 * 21 + (16 + 16 + 256) * 21 * 21, 0},
    {"dcgan_generator", 3576704, 0},
    {"dcgan_discriminator", 2765568, 0},
    {"autoencoder", 160 + 4640 + 100416 + 100384 + 4624 + 145, 0},
};

static void test_parameters(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        oc_net_info info = oc_net_get_info(i);
        assert_string_equal(info.name, counts[i].name);
        oc_graph *graph = build(&k, info.name, &info.input, NULL);
        print_message("%s: %lld\n", info.name, (long long)parameters(graph));
        assert_int_equal(parameters(graph), counts[i].parameters);
        assert_int_equal(info.parameters, counts[i].parameters);
        assert_int_equal(oc_graph_output_count(graph), 1);
        oc_shape y = oc_graph_get_output(graph, 0).shape;
        assert_int_equal(y.dims[0], oc_graph_symbol(graph, "N"));
        assert_int_equal(y.dims[1], info.outputs);
        oc_graph_destroy(&graph);
        assert_int_equal(info.auxiliary, counts[i].with_heads != 0);
        graph = build(&k, info.name, &info.input, &oc_net_params(.training = true, .auxiliary = true));
        assert_int_equal(parameters(graph), info.auxiliary ? counts[i].with_heads : counts[i].parameters);
        assert_int_equal(oc_graph_output_count(graph) > 1, info.auxiliary);
        oc_graph_destroy(&graph);
    }
    assert_null(oc_net_get_info(sizeof(counts) / sizeof(counts[0])).name);
    kit_finish(&k);
}

static oc_shape shape_of(kit *k, const char *name, const oc_shape *sample, const oc_net_params *params) {
    oc_graph *graph = build(k, name, sample, params);
    oc_shape shape = oc_graph_get_output(graph, 0).shape;
    oc_graph_destroy(&graph);
    shape.dims[0] = 1;
    return shape;
}

/* Other sizes, and other numbers of outputs. */
static void test_sizes(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    assert_true(oc_shape_equal(&(oc_shape){2, {1, 10}}, (oc_shape[]){shape_of(&k, "lenet5", &OC_SHAPE(1, 28, 28), NULL)}));
    assert_true(oc_shape_equal(&(oc_shape){2, {1, 7}}, (oc_shape[]){shape_of(&k, "resnet50", &OC_SHAPE(3, 65, 97), &oc_net_params(.outputs = 7))}));
    assert_true(oc_shape_equal(&(oc_shape){4, {1, 5, 33, 70}}, (oc_shape[]){shape_of(&k, "fcn8s", &OC_SHAPE(3, 33, 70), &oc_net_params(.outputs = 5))}));
    assert_true(oc_shape_equal(&(oc_shape){4, {1, 3, 64, 64}}, (oc_shape[]){shape_of(&k, "dcgan_generator", &OC_SHAPE(100, 1, 1), NULL)}));
    assert_true(oc_shape_equal(&(oc_shape){4, {1, 1, 28, 28}}, (oc_shape[]){shape_of(&k, "autoencoder", &OC_SHAPE(1, 28, 28), NULL)}));
    kit_finish(&k);
}

static void refuse(kit *k, const char *name, const oc_shape *shape, const oc_net_params *params, const char *part) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, shape, &err);
    assert_null(oc_net_build(graph, name, x, params, &err));
    if (!strstr(err.text, part))
        fail_msg("%s: \"%s\" without \"%s\"", name, err.text, part);
    assert_int_equal(oc_graph_check(graph, NULL), err.status);
    oc_graph_destroy(&graph);
}

static void test_refused(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    refuse(&k, "resnet19", &OC_SHAPE(1, 3, 224, 224), NULL, "no known network 'resnet19'");
    refuse(&k, "resnet18", &OC_SHAPE(1, 3), NULL, "has 4 axes");
    refuse(&k, "resnet18", &OC_SHAPE(1, 3, 224, 224), &oc_net_params(.outputs = -1), "-1 outputs");
    refuse(&k, "vgg16", &OC_SHAPE(1, 3, 8, 8), NULL, "must be a number of at least 1");
    refuse(&k, "squeezenet1_1", &OC_SHAPE(1, 3, 8, 8), NULL, "too small");
    refuse(&k, "alexnet", &OC_SHAPE(1, 3, 0, 227), NULL, "must be a number of at least 1");
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parameters), cmocka_unit_test(test_sizes), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
