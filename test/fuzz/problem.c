/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a problem: what is printed of one that is read is read again as the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "op/op.h"

static oc_status parse(oc__arena *arena, const char *text, oc__problem *out, oc__string *printed) {
    oc_error err = {0};
    oc_status status = oc__problem_parse(arena, text, NULL, out, &err);
    fuzz_result(status, &err, status == OC_OK);
    if (status == OC_OK)
        oc__problem_text(out, printed);
    return printed->failed ? OC_ERROR_MEMORY : status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    oc__arena arena;
    oc__problem problem, again;
    oc__string printed, once_more;
    char *text = fuzz_text(data, size);
    oc__arena_init(&arena, fuzz_context());
    oc__string_init(&printed, fuzz_context());
    oc__string_init(&once_more, fuzz_context());
    if (parse(&arena, text, &problem, &printed) == OC_OK) {
        (void)oc__problem_cost(&problem);
        oc_status status = parse(&arena, printed.text, &again, &once_more);
        /* Padding behind an empty result is made up anew from its size, and may be too large. */
        fuzz_check(status == OC_OK || status == OC_ERROR_SHAPE || status == OC_ERROR_LIMIT, "what was printed is not read");
        fuzz_check(status != OC_OK || !strcmp(printed.text, once_more.text), "what was printed is read as something else");
    }
    oc__string_finish(&printed);
    oc__string_finish(&once_more);
    oc__arena_finish(&arena);
    free(text);
    fuzz_memory();
    return 0;
}
