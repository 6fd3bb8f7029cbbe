/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <ocelli/op/conv.h>
#include <stdio.h>
#include <string.h>

#include "kit/optest.h"

/* Sizes, all three directions of each. */
static const char *const sizes[] = {
    "mb1ic1ih1oc1oh1kh1",
    "mb2ic3ih7iw9oc5kh3ph1",
    "mb2ic16ih7iw9oc16kh3ph1",
    "mb2ic17ih7iw19oc33kh3ph1",
    "mb1ic31ih8oc32kh3ph1",
    "mb1ic32ih8oc31kh3",
    "mb1ic33ih6oc64kh3ph1",
    "mb1ic6ih14oc48kh5",
    "mb2ic40ih13oc96kh1",
    "mb3ic6ih14oc16kh5",
    "mb3ic1ih28oc6kh5ph2",
    "mb2ic3ih23oc33kh7ph3sh2",
    "mb1ic3ih35oc40kh11ph2sh4",
    /* 1x1 over whole images, and with strides */
    "mb2ic33ih5iw7oc17kh1",
    "mb1ic16ih1oc100kh1",
    "mb2ic17ih9iw7oc33kh1sh2",
    "mb1ic17ih9oc17kh1ph1",
    /* stride: larger than the kernel, per axis */
    "mb1ic17ih11oc16kh2sh3",
    "mb1ic17ih11oc16kh3ph1sh2sw1",
    "mb1ic5ih11oc16kh3ph1sh1sw3",
    "mb1ic17ih5iw40oc33kh3ph1sh2",
    /* padding: as large as the kernel, larger, asymmetric (by the wanted size), uneven */
    "mb1ic3ih5iw4oc6kh3ph3",
    "mb1ic17ih5iw4oc16kh2ph4",
    "mb1ic3ih6oc6oh7kh3ph1",
    "mb1ic17ih6iw8oc16oh6ow9kh4ph1pw2",
    "mb1ic3ih5iw4oc6kh7ph9sh3dh1",
    "mb1ic20ih2iw30oc20kh5ph2",
    /* dilation, alone and with strides that share a divisor with it, and that do not */
    "mb1ic17ih13oc16kh3ph2dh1",
    "mb1ic17ih13iw15oc16kh3ph1dh2dw0",
    "mb1ic5ih17oc16kh3ph2sh2dh1",
    "mb1ic5ih17oc16kh3ph2sh3dh1",
    "mb1ic17ih17oc16kh3ph2sh4dh5",
    /* 1x7, 7x1 */
    "mb1ic17ih9oc33oh9ow9kh1kw7ph0pw3",
    "mb1ic17ih9oc33oh9ow9kh7kw1ph3pw0",
    "mb1ic3ih9oc6oh9ow9kh1kw7ph0pw3",
    /* what Winograd's transforms take besides 3x3: 5 taps, one axis, both numbers of taps */
    "mb2ic17ih9iw11oc33oh9ow11kh1kw3ph0pw1",
    "mb2ic33ih9iw6oc17oh9ow6kh3kw1ph1pw0",
    "mb2ic17ih9iw14oc40kh5ph2",
    "mb1ic17ih9oc16oh9ow9kh1kw5ph0pw2",
    "mb1ic20ih10iw7oc17oh8ow7kh5kw3ph1pw1",
    /* groups, in blocks and not */
    "g2mb1ic32ih7oc64kh3ph1",
    "g3mb2ic48ih7oc48kh3ph1sh2",
    "g2mb1ic32ih5oc96kh1",
    /* empty batch, empty result, no source at all but padding */
    "mb0ic3ih5oc6kh3",
    "mb1ic3ih2oc6oh0kh3",
    "mb1ic0ih4oc6kh3",
    "mb1ic3ih4oc0kh3",
    "mb2ic3ih0iw4oc6kh1ph1",
};

static bool starts(const char *text, const char *with) {
    return !strncmp(text, with, strlen(with));
}

static void test_directions(void **state) {
    (void)state;
    static const char *const ops[] = {"conv2d", "conv2d_bwd_data", "conv2d_bwd_weights"};
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    kit_open(&k);
    for (size_t i = 0; i < OC_COUNT(sizes); i++)
        for (int d = 0; d < 3; d++) {
            char text[128];
            bool nothing = strstr(sizes[i], "oh0") || starts(sizes[i], "mb0");
            snprintf(text, sizeof(text), "%s:%s", ops[d], sizes[i]);
            optest_run(&k, &(optest_case){text, NULL, d == 2 && nothing ? OPTEST_NO_FAST : 0, 0});
        }
    kit_finish(&k);
}

static const optest_case cases[] = {
    /* bias, epilogues: lanes behind the last channel stay zero */
    {"conv2d:mb2ic17ih7iw19oc33kh3ph1b", NULL, 0, 0},
    {"conv2d:mb2ic17ih7iw19oc33kh3ph1b;post=relu", NULL, 0, 0},
    {"conv2d:mb2ic3ih7iw19oc6kh3ph1;post=bias,relu", NULL, 0, 0},
    {"conv2d:mb2ic17ih7iw19oc6kh3ph1;post=bias,residual,relu", NULL, 0, 0},
    {"conv2d:mb1ic32ih14oc48kh3ph1b;post=residual,sigmoid", NULL, 0, 1e-5},
    {"conv2d:mb2ic32ih14oc40kh1b;post=residual,sigmoid", NULL, 0, 1e-5},
    {"conv2d:mb1ic1ih14oc6kh3b;post=sigmoid", NULL, 0, 1e-5},
    {"conv2d:mb1ic17ih14oc17kh3;post=leaky_relu(0.1)", NULL, 0, 1e-5},
    {"conv2d:mb1ic17ih14oc17kh3b;post=exp,bias,tanh,residual", NULL, 0, 1e-4},
    {"conv2d:g2mb1ic32ih7oc64kh3ph1b;post=relu", NULL, 0, 0},
    /* depthwise, with several results a channel */
    {"conv2d:g17mb2ic17ih9iw22oc17kh3ph1b;post=bias,residual,relu", NULL, OPTEST_ANY, 0},
    {"conv2d:g5mb1ic5ih11iw6oc15kh3kw5ph2sh2sw3dh1b", NULL, OPTEST_ANY, 0},
    {"conv2d:g3mb1ic3ih7oc3kh3ph1;dt=f16", NULL, OPTEST_ANY, 0},
    {"conv2d:mb1ic19ih7oc21kh3ph1b;wt=f16;post=relu", NULL, OPTEST_ANY, 0},
    /* more images, or rows of one, than are written down at a time */
    {"conv2d:mb3ic64ih96iw120oc2kh7ph3b;post=residual,bias,relu", NULL, 0, 0},
    {"conv2d:mb2ic9ih290oc1kh5ph2sw2", NULL, 0, 0},
    {"conv2d:mb5ic64ih34oc2kh7ph3", NULL, 0, 0},
    /* large windows: several tiles of spectra, even windows, one as large as half a tile, padding beyond it */
    {"conv2d:mb2ic17ih40iw37oc33kh7kw9ph3pw4b;post=residual,relu", "aBcd16b", 0, 0},
    {"conv2d:mb1ic5ih60iw50oc7kh33kw4ph16pw5", NULL, 0, 1e-4},
    {"conv2d_bwd_data:mb2ic18ih30iw33oc20kh6ph2", NULL, 0, 0},
    {"conv2d_bwd_data:mb1ic3ih20oc20kh9ph4", "aBcd16b", 0, 0},
    /* few tiles, a long K */
    {"conv2d:mb2ic700ih3iw5oc20kh3ph1b;post=residual,relu", NULL, 0, 0},
    {"conv2d_bwd_data:mb1ic9ih3oc300kh3ph1", NULL, 0, 0},
    {"conv2d_bwd_weights:mb4ic3ih40oc5kh3ph1", NULL, 0, 0},
    {"conv2d_bwd_weights:mb3ic40ih30iw27oc33kh3ph1", NULL, 0, 0}, /* many tiles, remainders of all */
    {"conv2d_bwd_weights:mb2ic100ih9iw6oc70kh3ph1pw0", NULL, 0, 0},
    {"conv2d_bwd_weights:mb1ic17ih9iw20oc18kh1kw3ph0pw2", NULL, 0, 0},
    {"conv2d_bwd_weights:mb2ic17ih20iw9oc18kh3kw1", NULL, 0, 0},
    /* operands in blocks before */
    {"conv2d:mb2ic17ih7iw9oc33kh3ph1b;post=relu", "aBcd16b", 0, 0},
    {"conv2d_bwd_data:mb2ic17ih7iw9oc33kh3ph1sh2", "aBcd8b", 0, 0},
    {"conv2d_bwd_weights:mb2ic17ih7iw9oc33kh3ph1sh2", "aBcd16b", 0, 0},
    /* depthwise, ReLU, 1x1 in one: bounds, biases, epilogues, several bands, remainders of everything */
    {"conv2d_separable:2x17x9x11,17x1x3x3,33x17x1x1:stride=1/1,pad_begin=1/1,pad_end=1/1", NULL, 0, 0},
    {"conv2d_separable:1x40x20x30,40x1x3x3,24x40x1x1,40,24:stride=2/2,pad_begin=1/1,pad_end=1/1,limit=6", NULL, 0, 0},
    {"conv2d_separable:2x16x7x7,16x1x5x5,70x16x1x1,none,70:pad_begin=2/2,pad_end=2/2;post=residual,relu", NULL, 0, 0},
    {"conv2d_separable:1x33x12x5,33x1x3x3,16x33x1x1,33:stride=1/2,dilation=2/1,pad_begin=0/1,pad_end=1/0;post=bias", NULL, 0, 0},
    {"conv2d_separable:1x1x1x1,1x1x1x1,1x1x1x1", NULL, 0, 0},
    {"conv2d_separable:0x3x4x4,3x1x3x3,2x3x1x1", NULL, 0, 0},
    {"conv2d_separable:1x3x4x4,3x1x3x3,2x3x1x1;dt=f16", NULL, OPTEST_NO_FAST, 0},
    /* 1x1, ReLU, depthwise, ReLU, 1x1 in one: fewer pixels than a tile, too */
    {"conv2d_inverted:2x5x9x11,17x5x1x1,17x1x3x3,33x17x1x1:stride=1/1,pad_begin=1/1,pad_end=1/1", NULL, 0, 0},
    {"conv2d_inverted:1x24x20x30,40x24x1x1,40x1x3x3,24x40x1x1,40,40,24:stride=2/2,pad_begin=1/1,pad_end=1/1,limit=6,first_limit=6", NULL, 0, 0},
    {"conv2d_inverted:2x16x7x7,96x16x1x1,96x1x5x5,16x96x1x1,none,none,16:pad_begin=2/2,pad_end=2/2,first_limit=3;post=residual,relu", NULL, 0, 0},
    {"conv2d_inverted:1x33x12x5,33x33x1x1,33x1x3x3,16x33x1x1,33:stride=1/2,dilation=2/1,pad_begin=0/1,pad_end=1/0;post=bias", NULL, 0, 0},
    {"conv2d_inverted:1x20x40x9,150x20x1x1,150x1x3x3,20x150x1x1,150,none,20:pad_begin=9/1,pad_end=3/1", NULL, 0, 0},
    {"conv2d_inverted:1x1x1x1,1x1x1x1,1x1x1x1,1x1x1x1", NULL, 0, 0},
    {"conv2d_inverted:0x3x4x4,5x3x1x1,5x1x3x3,2x5x1x1", NULL, 0, 0},
    {"conv2d_inverted:1x3x4x4,6x3x1x1,6x1x3x3,2x6x1x1;dt=f16", NULL, OPTEST_NO_FAST, 0},
    /* transformed weights; for backward by data, with more padding than the kernel reaches too */
    {"winograd_weights:33x17x3x3", "abcd", 0, 1e-5, "w4Acdb32a"},
    {"winograd_weights:33x17x3x3", "abcd", 0, 1e-5, "w2Acdb32a"},
    {"winograd_weights:33x17x3x3", "abcd", 0, 1e-5, "w4Bcda32b"},
    {"winograd_weights:16x40x5x5", "abcd", 0, 1e-5, "w2Bcda32b"},
    {"winograd_weights:70x33x1x3", "abcd", 0, 1e-5, "w4Bcda32b"},
    {"winograd_weights:5x33x5x1", "abcd", 0, 1e-5, "w2Acdb32a"},
    {"winograd_weights:32x16x3x1;dt=f16", "abcd", OPTEST_NO_FAST, 1e-2, "w4Acdb32a"},
    {"conv2d_bwd_data:mb2ic33ih9iw11oc40kh3ph2pw1", "aBcd16b", 0, 0},
    {"conv2d_bwd_data:mb1ic17ih7iw6oc33oh11ow10kh3ph3", "aBcd16b", 0, 0},
    {"conv2d_bwd_data:mb1ic24ih12oc20kh5ph2", "aBcd16b", 0, 0},
    {"conv2d_bwd_data:mb1ic24ih12oc20kh1kw3ph0pw1", "aBcd16b", 0, 0},
    /* what ref takes, and what works on plain layouts */
    {"conv2d:mb1ic3ih7oc5kh3ph1b;dt=f16", NULL, OPTEST_ANY, 0},
    {"conv2d_bwd_data:mb1ic3ih7oc5kh3ph1;dt=f16", NULL, OPTEST_ANY, 0},
    {"conv2d_bwd_weights:mb1ic3ih7oc5kh3ph1;dt=f16", NULL, OPTEST_ANY, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* A NaN in the source reaches the pixels around it, and no padding. */
static void test_nan(void **state) {
    (void)state;
    static double src[2 * 3 * 49], weights[6 * 3 * 9];
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    kit_open(&k);
    for (size_t i = 0; i < OC_COUNT(src); i++)
        src[i] = i % 41 == 7 ? NAN : i % 53 == 11 ? INFINITY : (double)(i % 5) - 2;
    for (size_t i = 0; i < OC_COUNT(weights); i++)
        weights[i] = 1 + (double)(i % 3);
    optest_values(&k, "conv2d:mb2ic3ih7oc6kh3ph1", (const double *[]){src, weights});
    optest_values(&k, "conv2d_bwd_data:mb2ic3ih7oc3oh7kh3ph1", (const double *[]){src, weights, src});
    kit_finish(&k);
}

static void test_variants(void **state) {
    (void)state;
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    kit_open(&k);
    optest_variants(&k, &(optest_case){"conv2d:mb1ic17ih5iw19oc33kh3ph1b;post=relu", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"conv2d:mb1ic3ih5iw37oc6kh3ph1sh2", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"conv2d_bwd_data:mb1ic33ih5iw19oc17kh3ph1sh2", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"conv2d_bwd_weights:mb2ic17ih5iw19oc19kh3ph1sh2", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"conv2d_separable:1x20x9x11,20x1x3x3,40x20x1x1,20,40:pad_begin=1/1,pad_end=1/1", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"conv2d_inverted:1x7x9x11,20x7x1x1,20x1x3x3,40x20x1x1,20,20,40:pad_begin=1/1,pad_end=1/1", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"conv2d:mb1ic40ih5iw19oc33kh1b;post=relu", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"conv2d:g17mb2ic17ih9iw22oc34kh3ph1b;post=residual", NULL, 0, 0});
    kit_finish(&k);
}

static void test_choice(void **state) {
    (void)state;
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    if (oc__device_caps(kit_open(&k))->simt_width == 1) {
        optest_chooses(&k, &(optest_case){"conv2d:mb1ic64ih56oc64oh28kh3sh2ph1", "aBcd16b", 0, 0}, "conv2d.direct");
        optest_chooses(&k, &(optest_case){"conv2d:mb1ic64ih56oc64oh56kh3ph1", "aBcd16b", 0, 0}, "conv2d.winograd4");
        optest_chooses(&k, &(optest_case){"conv2d_bwd_data:mb1ic64ih56oc64oh56kh3ph1", "aBcd16b", 0, 0}, "conv2d_bwd_data.winograd4");
        optest_chooses(&k, &(optest_case){"conv2d:mb1ic64ih128oc64oh128kh9ph4", "aBcd16b", 0, 0}, "conv2d.fft");
        if (oc__device_caps(k.device)->local_mem >= 16384)
            optest_chooses(&k, &(optest_case){"conv2d_separable:1x96x28x28,96x1x3x3,24x96x1x1", NULL, 0, 0}, "conv2d_separable.fused");
        optest_chooses(&k, &(optest_case){"conv2d:mb1ic3ih56oc64oh56kh3ph1", NULL, 0, 0}, "conv2d.direct_plain");
        optest_chooses(&k, &(optest_case){"conv2d_bwd_weights:mb64ic1ih28oc6kh5ph2", NULL, 0, 0}, "conv2d_bwd_weights.direct_plain");
        optest_chooses(&k, &(optest_case){"conv2d_bwd_weights:mb2ic64ih28oc64kh3ph1", NULL, 0, 0}, "conv2d_bwd_weights.winograd4");
        optest_chooses(&k, &(optest_case){"conv2d_bwd_weights:mb32ic512ih1oc512kh3ph1", NULL, 0, 0}, "conv2d_bwd_weights.direct");
        optest_chooses(&k, &(optest_case){"conv2d_bwd_weights:mb2ic64ih28oc64kh3ph1sh2", NULL, 0, 0}, "conv2d_bwd_weights.direct");
    }
    kit_finish(&k);
}

static oc_value *build_conv(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_conv2d(graph, x[0], x[1], x[2], &oc_conv_params(.stride = {2, 1}, .pad_begin = {1, 0}, .pad_end = {0, 1}), err);
}

static oc_value *build_groups(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_conv2d(graph, x[0], x[1], NULL, &oc_conv_params(.dilation = {1, 2}, .groups = 2), err);
}

static const optest_gradient gradients[] = {
    {"conv", build_conv, 3, {{4, {OPTEST_N, 2, 5, 4}}, {4, {3, 2, 3, 2}}, {1, {3}}}, 0, 0, 0, true},
    {"conv, symbolic image", build_conv, 3, {{4, {1, 2, OPTEST_N, OPTEST_N}}, {4, {3, 2, 3, 2}}, {1, {3}}}, 0, 0, 0, true},
    {"conv, twice", build_conv, 3, {{4, {OPTEST_N, 2, 5, 4}}, {4, {3, 2, 3, 2}}, {1, {3}}}, 0, 0, 0, true},
    {"groups", build_groups, 2, {{4, {2, 4, 4, 5}}, {4, {6, 2, 2, 2}}}, 0, 0, 0, true},
    {"groups, twice", build_groups, 2, {{4, {2, 4, 4, 5}}, {4, {6, 2, 2, 2}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directions), cmocka_unit_test(test_solvers),   cmocka_unit_test(test_nan),
        cmocka_unit_test(test_variants),   cmocka_unit_test(test_choice),    cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
