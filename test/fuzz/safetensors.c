/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a safetensors file: each element it names lies in the file; what was read is written and read again alike. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "tensor/safetensors.h"

static void read_through(const oc__st_file *file) {
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < file->count; i++) {
        const oc__st_entry *entry = &file->entries[i];
        fuzz_check(oc__st_find(file, entry->name) != NULL, "an entry is not found");
        for (uint64_t k = 0; k < entry->bytes; k++)
            sum = (uint8_t)(sum + file->data[entry->offset + k]);
    }
    for (size_t i = 0; i < file->metadata_count; i++)
        fuzz_check(oc__st_metadata(file, file->metadata[i].key) != NULL, "a text is not found");
}

/* Types that are not ours are written as bytes, and do not fit their shapes then. */
static bool is_ours(const oc__st_file *file) {
    bool ours = true;
    for (size_t i = 0; i < file->count; i++)
        ours = ours && file->entries[i].dtype;
    return ours;
}

static void write_again(const oc__st_file *file) {
    oc_error err = {0};
    oc__string out;
    oc__st_file again;
    oc__string_init(&out, fuzz_context());
    oc__st_header(&out, file->entries, file->count, file->metadata, file->metadata_count);
    oc__string_append_n(&out, (const char *)file->data, (size_t)file->data_bytes);
    fuzz_check(oc__st_open(&again, fuzz_context(), fuzz_file((const uint8_t *)out.text, out.size), &err) == OC_OK, "it is not read again");
    fuzz_check(again.count == file->count && again.metadata_count == file->metadata_count && again.data_bytes == file->data_bytes,
               "it is read differently");
    for (size_t i = 0; i < file->count; i++)
        fuzz_check(!strcmp(file->entries[i].name, again.entries[i].name) && file->entries[i].offset == again.entries[i].offset &&
                       file->entries[i].bytes == again.entries[i].bytes && file->entries[i].dtype == again.entries[i].dtype,
                   "an entry is read differently");
    oc__st_close(&again);
    oc__string_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    oc_error err = {0};
    oc__st_file file;
    oc_status status = oc__st_open(&file, fuzz_context(), fuzz_file(data, size), &err);
    fuzz_result(status, &err, status == OC_OK);
    if (status == OC_OK) {
        read_through(&file);
        if (is_ours(&file))
            write_again(&file);
        oc__st_close(&file);
    }
    fuzz_memory();
    return 0;
}
