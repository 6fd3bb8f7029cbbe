/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FAILED = 1, SKIPPED = 2 };
static jmp_buf back;

void print_message(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    fflush(stdout);
}

void print_error(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
}

void _fail(const char *file, int line) {
    print_error("%s:%d: error: Failure!\n", file, line);
    longjmp(back, FAILED);
}

void cross_skip(void) {
    longjmp(back, SKIPPED);
}

void cross_true(bool right, const char *text, const char *file, int line) {
    if (!right) {
        print_error("not so: %s\n", text);
        _fail(file, line);
    }
}

void cross_int(uintmax_t a, uintmax_t b, bool equal, const char *file, int line) {
    if ((a == b) != equal) {
        print_error("%#jx %s %#jx\n", a, equal ? "!=" : "==", b);
        _fail(file, line);
    }
}

void cross_string(const char *a, const char *b, bool equal, const char *file, int line) {
    if ((strcmp(a, b) == 0) != equal) {
        print_error("\"%s\" %s \"%s\"\n", a, equal ? "!=" : "==", b);
        _fail(file, line);
    }
}

void cross_memory(const void *a, const void *b, size_t size, bool equal, const char *file, int line) {
    if ((memcmp(a, b, size) == 0) != equal) {
        print_error("%zu bytes %s\n", size, equal ? "differ" : "are the same");
        _fail(file, line);
    }
}

static __attribute__((noinline)) int run_one(const struct CMUnitTest *test) {
    void *state = test->initial_state;
    int end = setjmp(back);
    if (end == 0) {
        if (test->setup_func != NULL && test->setup_func(&state) != 0) {
            return FAILED;
        }
        test->test_func(&state);
        if (test->teardown_func != NULL && test->teardown_func(&state) != 0) {
            return FAILED;
        }
    }
    return end;
}

int cross_run(const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup, CMFixtureFunction teardown) {
    int counts[3] = {0, 0, 0};
    void *state = NULL;
    if (setup != NULL && setup(&state) != 0) {
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        int end = run_one(&tests[i]);
        counts[end]++;
        printf("[ %s ] %s\n", end == 0 ? "      OK" : end == FAILED ? " FAILED " : "SKIPPED ", tests[i].name);
    }
    if (teardown != NULL) {
        teardown(&state);
    }
    printf("%d passed, %d failed, %d skipped\n", counts[0], counts[FAILED], counts[SKIPPED]);
    return counts[FAILED];
}
