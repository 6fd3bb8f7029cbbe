/* SPDX-License-Identifier: Apache-2.0 */
/* Problem texts, as docs/problems.md says. */
#include <stdio.h>
#include <string.h>

#include "kit/kit.h"
#include "op/op.h"

static oc_error err;

/* Texts, and what they are printed as; NULL: as they are. */
static const char *const texts[][2] = {
    {"conv2d:mb1ic64ih56oc64oh56kh3ph1", NULL},
    {"conv2d:ic64ih56oc64kh3ph1", "conv2d:mb1ic64ih56oc64oh56kh3ph1"},
    {"conv2d:kh3ph1oc64iw56ic64mb1", "conv2d:mb1ic64ih56oc64oh56kh3ph1"},
    {"conv2d:g2mb3ic32ih7iw9oc64oh4ow9kh3sh2sw1ph1b", NULL},
    {"conv2d:mb1ic3ih9oc6kh1kw7pw3", "conv2d:mb1ic3ih9oc6oh15ow9kh1kw7ph3"},
    {"conv2d:mb1ic3ih9oc6oh9ow9kh1kw7ph0pw3", NULL},
    {"conv2d:mb1ic3ih6oc6oh7kh3ph1", NULL},
    {"conv2d:mb1ic3ih17oc6oh17ow16kh3ph2pw1dh1dw0", NULL},
    {"conv2d:mb1ic3ih9oc6oh9ow8kh3kw2ph1pw0", NULL},
    {"conv2d:mb0ic3ih9oc6oh9kh3ph1", NULL},
    {"conv2d:mb1ic3ih9oc6oh9kh3ph1;post=bias,relu", NULL},
    {"conv2d:mb1ic3ih9oc6oh9kh3ph1b;dt=f16;post=residual,leaky_relu(0.25/0)", NULL},
    {"conv2d:mb1ic3ih9oc6oh9kh3ph1;post=clip(0/6)", NULL},
    {"conv2d:mb1ic3ih9oc6oh9kh3ph1;lay=aBcd16b,ABcd16b16a>aBcd16b", "conv2d:mb1ic3ih9oc6oh9kh3ph1"},
    {"conv2d_bwd_data:mb2ic3ih9oc6oh5kh3sh2ph1", NULL},
    {"conv2d_bwd_weights:mb2ic3ih9oc6oh5kh3sh2ph1dh1", NULL},
    {"conv2d:1x3x9x9,6x3x3x3:pad_begin=1/1,pad_end=1/1", "conv2d:mb1ic3ih9oc6oh9kh3ph1"},
    {"matmul:m64n500k800", NULL},
    {"matmul:m64n500k800tatbb", NULL},
    {"matmul:m64n500k800tb;post=bias,sigmoid", NULL},
    {"matmul:m0n1k0", NULL},
    {"matmul:2x3x4,4x5", NULL},
    {"matmul:2x3x4,2x5x4,5:trans_b=1;post=tanh", NULL},
    {"matmul:f16.3x4,f16.4x5", "matmul:m3n5k4;dt=f16"},
    {"max_pool2d:64x6x28x28:kernel=2/2,stride=2/2", "max_pool2d:64x6x28x28:kernel=2/2,stride=2/2,dilation=1/1"},
    {"avg_pool2d:1x6x7x7:kernel=3/3,stride=2/2,dilation=1/1,ceil_mode=1", NULL},
    {"reduce_mean:8x3x32x32:axes=2/3,axis_count=2,keep_dims=1", NULL},
    {"softmax:f16.64x1000:axis=1", NULL},
    {"add:64x500,500", NULL},
    {"relu:scalar", NULL},
    {"add:i64.3x0,i64.scalar", NULL},
    {"leaky_relu:3:alpha=0.25", NULL},
};

static void print(kit *k, const oc__problem *p, oc__string *out) {
    oc__string_init(out, k->context);
    oc__problem_text(p, out);
    assert_false(out->failed);
}

static void check_same(const oc__problem *a, const oc__problem *b) {
    assert_ptr_equal(a->op, b->op);
    assert_int_equal(a->in_count, b->in_count);
    assert_int_equal(a->out_count, b->out_count);
    for (int i = 0; i < a->in_count; i++)
        assert_true(a->in[i].dtype == b->in[i].dtype && oc_shape_equal(&a->in[i].shape, &b->in[i].shape));
    for (int i = 0; i < a->out_count; i++)
        assert_true(a->out[i].dtype == b->out[i].dtype && oc_shape_equal(&a->out[i].shape, &b->out[i].shape));
    assert_int_equal(a->post.count, b->post.count);
    for (int i = 0; i < a->post.count; i++) {
        const oc__post *x = &a->post.items[i], *y = &b->post.items[i];
        assert_true(x->kind == y->kind && x->operand == y->operand && x->fn == y->fn);
        assert_memory_equal(&x->alpha, &y->alpha, sizeof(float));
        assert_memory_equal(&x->beta, &y->beta, sizeof(float));
    }
}

static void test_round_trips(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        oc__arena arena;
        oc__problem first, second;
        oc__string once, twice;
        oc__arena_init(&arena, k.context);
        KIT_OK(oc__problem_parse(&arena, texts[i][0], NULL, &first, &err), &err);
        print(&k, &first, &once);
        assert_string_equal(once.text, texts[i][texts[i][1] != NULL]);
        KIT_OK(oc__problem_parse(&arena, once.text, NULL, &second, &err), &err);
        print(&k, &second, &twice);
        assert_string_equal(once.text, twice.text);
        check_same(&first, &second);
        oc__string_finish(&once);
        oc__string_finish(&twice);
        oc__arena_finish(&arena);
    }
    kit_finish(&k);
}

/* Malformed texts, and a part of the sentence they give. */
static const char *const wrong[][2] = {
    {"", "it should be an op"},
    {"conv2d", "a colon"},
    {"conv3d:mb1ic1ih1oc1kh1", "\"conv3d\" is none"},
    {"conv2d:", "kh are needed"},
    {"conv2d:mb1ic3ih9oc6oh9ow9kh1kw7pw3", "12 x 9"},
    {"conv2d:mb1ic1ih1oc1", "kh"},
    {"conv2d:mb1ic3ih9oc6kh3zz1", "should be one of g mb ic"},
    {"conv2d:mb1ic3ih9oc6kh", "should be one of g mb ic"},
    {"conv2d:mb1ic3ih9oc6kh-3", "should be one of g mb ic"},
    {"conv2d:mb1ic3ih9oc6kh99999999999", "should be one of g mb ic"},
    {"conv2d:mb1ic3ih9oc6kh3sh0", "strides"},
    {"conv2d:g2mb1ic3ih9oc6kh3", "divisible by g"},
    {"conv2d:mb1ic3ih9oc6kh3;post=softmax", "no epilogue item"},
    {"conv2d:mb1ic3ih9oc6kh3;post=", "no epilogue item"},
    {"conv2d:mb1ic3ih9oc6kh3;post=relu,relu,relu,relu,relu,relu,relu", "too many"},
    {"conv2d:mb1ic3ih9oc6kh3;post=clip(a)", "no parameters"},
    {"conv2d:mb1ic3ih9oc6kh3;post=clip(0/6", "no parameters"},
    {"conv2d:mb1ic3ih9oc6kh3;dt=f64", "no suffix"},
    {"conv2d:mb1ic3ih9oc6kh3;", "no suffix"},
    {"conv2d:1x3x9x9,6x4x3x3", "3 channels"},
    {"conv2d:1x3x9,6x3x3x3", "must be (N, C, H, W)"},
    {"matmul:m1n2", "m, n and k"},
    {"matmul:n1m2k3", "m, n and k"},
    {"matmul:m1n2k3x", "no size"},
    {"matmul:m1n2k3bta", "malformed sizes"},
    {"matmul:2x3,4x5", "inner sizes 3 and 4 differ"},
    {"matmul:2x3", "operands"},
    {"relu:", "no size"},
    {"relu:3x", "no size"},
    {"relu:x3", "no size"},
    {"relu:3x-4", "no size"},
    {"relu:f80.3x4", "no element type"},
    {"relu:1x1x1x1x1x1x1x1x1", "no size"},
    {"relu:3 4", "something else"},
    {"relu:3,4", "operands"},
    {"add:3,", "no size"},
    {"leaky_relu:3:gamma=1", "no parameter of this op"},
    {"leaky_relu:3:alpha", "no parameter of this op"},
    {"leaky_relu:3:alpha=x", "no number"},
    {"leaky_relu:3:alpha=1z", "something else than a comma"},
    {"max_pool2d:1x1x4x4:kernel=0/2", "at least 1"},
};

static void test_wrong_texts(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        oc__arena arena;
        oc__problem p;
        oc__arena_init(&arena, k.context);
        oc_status status = oc__problem_parse(&arena, wrong[i][0], NULL, &p, &err);
        if (status == OC_OK)
            fail_msg("\"%s\" should be refused", wrong[i][0]);
        if (!strstr(err.text, wrong[i][1]))
            fail_msg("\"%s\" gives \"%s\", without \"%s\"", wrong[i][0], err.text, wrong[i][1]);
        oc__arena_finish(&arena);
    }
    kit_finish(&k);
}

/* No text of any length or kind does harm. */
static void test_cut_texts(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        char text[256];
        for (size_t length = 0; length < strlen(texts[i][0]); length++) {
            oc__arena arena;
            oc__problem p;
            snprintf(text, sizeof(text), "%.*s", (int)length, texts[i][0]);
            oc__arena_init(&arena, k.context);
            if (oc__problem_parse(&arena, text, NULL, &p, &err) != OC_OK)
                assert_true(err.text[0]);
            oc__arena_finish(&arena);
        }
    }
    kit_finish(&k);
}

static void test_directions(void **state) {
    (void)state;
    kit k;
    oc__arena arena;
    oc__problem p;
    kit_init(&k, NULL);
    oc__arena_init(&arena, k.context);
    KIT_OK(oc__problem_parse(&arena, "conv2d:mb1ic3ih9oc6kh3", "bwd_weights", &p, &err), &err);
    assert_ptr_equal(p.op, &oc__op_conv2d_bwd_weights);
    KIT_OK(oc__problem_parse(&arena, "conv2d_bwd_data:mb1ic3ih9oc6kh3", "fwd", &p, &err), &err);
    assert_ptr_equal(p.op, &oc__op_conv2d);
    KIT_FAILS(OC_ERROR_FORMAT, "direction", oc__problem_parse(&arena, "relu:3", "bwd_weights", &p, &err), &err);
    oc__arena_finish(&arena);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_wrong_texts),
        cmocka_unit_test(test_cut_texts),
        cmocka_unit_test(test_directions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
