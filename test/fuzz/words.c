/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a device's mask, a choice of devices, numbers, a pattern: what comes in options and in the environment. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/cl.h"
#include "fuzz/fuzz.h"

static const oc__found found[] = {
    {.info = {.id = "0:0", .name = "Brook 3000", .platform = "Water", .type = OC_DEVICE_CPU, .compute_units = 2, .clock_mhz = 1000}},
    {.info = {.id = "0:1", .name = "River", .platform = "Water", .type = OC_DEVICE_GPU, .compute_units = 9, .clock_mhz = 900}},
    {.info = {.id = "1:0", .name = "Dune, the second", .platform = "Sand", .type = OC_DEVICE_ACCELERATOR, .compute_units = 1}},
};

static void mask(const char *text) {
    oc_error err = {0};
    oc__mask mask;
    oc_device_info info = found[1].info;
    oc_status status = oc__mask_parse(fuzz_context(), text, &mask, &err);
    fuzz_result(status, &err, status == OC_OK);
    if (status == OC_OK)
        oc__mask_apply(&mask, &info);
}

static void select_devices(const char *text) {
    oc_error err = {0};
    size_t *picks = NULL, count = 0;
    oc_status status = oc__select(fuzz_context(), found, OC_COUNT(found), text, &picks, &count, &err);
    fuzz_result(status, &err, picks != NULL);
    for (size_t i = 0; i < count; i++)
        fuzz_check(picks[i] < OC_COUNT(found), "a device that is not there");
    oc__free(fuzz_context(), picks);
}

/* Numbers are read back as they were written. */
static void numbers(const char *text) {
    int64_t whole;
    uint64_t bytes;
    double value, again;
    char written[64];
    const char *end = NULL;
    if (oc__parse_int64(text, &end, &whole))
        fuzz_check(end > text && end <= text + strlen(text), "a number's end is not in the text");
    if (oc__parse_size(text, &end, &bytes))
        fuzz_check(end > text && end <= text + strlen(text), "a size's end is not in the text");
    if (!oc__parse_double(text, &end, &value))
        return;
    fuzz_check(end > text && end <= text + strlen(text), "a number's end is not in the text");
    oc__format_double(written, sizeof(written), (double)(float)value);
    fuzz_check(!isfinite((float)value) || (oc__parse_double(written, &end, &again) && (float)again == (float)value),
               "a number is not read back as it was written");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    mask(text);
    select_devices(text);
    numbers(text);
    const char *rest = strchr(text, '\n');
    if (rest && size < 200) {
        text[rest - text] = 0;
        (void)oc__matches(text, rest + 1);
    }
    free(text);
    fuzz_memory();
    return 0;
}
