/* SPDX-License-Identifier: Apache-2.0 */
/* The selection grammar of device.h. */
#include "device/cl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool contains(const char *text, const char *part) {
    size_t size = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, size) == 0)
            return true;
    return false;
}

/* A small number that is the whole rest of the text. */
static bool index_of(const char *text, size_t *value) {
    int64_t number;
    const char *end;
    if (*text < '0' || *text > '9' || !oc__parse_int64(text, &end, &number) || *end || number > 1000000)
        return false;
    *value = (size_t)number;
    return true;
}

static bool is_pair(const char *text) {
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != ':')
        return false;
    size_t more = strspn(text + digits + 1, "0123456789");
    return more > 0 && text[digits + 1 + more] == '\0';
}

static int kind_rank(oc_device_type type) {
    return type == OC_DEVICE_GPU ? 3 : type == OC_DEVICE_ACCELERATOR ? 2 : type == OC_DEVICE_CPU ? 1 : 0;
}

static bool better(const oc_device_info *a, const oc_device_info *b) {
    if (a->type != b->type)
        return kind_rank(a->type) > kind_rank(b->type);
    return (uint64_t)a->compute_units * a->clock_mhz > (uint64_t)b->compute_units * b->clock_mhz;
}

static size_t find_auto(const oc__found *found, size_t count) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (better(&found[i].info, &found[best].info))
            best = i;
    return best;
}

static size_t find_kind(const oc__found *found, size_t count, oc_device_type type, size_t index) {
    for (size_t i = 0; i < count; i++)
        if (found[i].info.type == type && index-- == 0)
            return i;
    return count;
}

static size_t find_pair(const oc__found *found, size_t count, const char *id) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(found[i].info.id, id) == 0)
            return i;
    return count;
}

static size_t find_name(const oc__found *found, size_t count, const char *part) {
    for (size_t i = 0; i < count; i++)
        if (contains(found[i].info.name, part) || contains(found[i].info.platform, part))
            return i;
    return count;
}

/* The type a text begins with, if a colon or nothing follows; 0 if it is none. */
static oc_device_type kind_of(const char *text, const char **rest) {
    static const oc_device_type types[] = {OC_DEVICE_CPU, OC_DEVICE_GPU, OC_DEVICE_ACCELERATOR};
    for (size_t i = 0; i < OC_COUNT(types); i++) {
        const char *name = oc_device_type_name(types[i]);
        size_t size = strlen(name);
        if (strncmp(text, name, size) == 0 && (text[size] == '\0' || text[size] == ':')) {
            *rest = text + size;
            return types[i];
        }
    }
    return (oc_device_type)0;
}

static oc_status none(oc_context *context, const oc__found *found, size_t count, const char *text, oc_error *err) {
    oc__string names;
    oc__string_init(&names, context);
    for (size_t i = 0; i < count; i++)
        oc__string_printf(&names, "%s%s %s (%s, %s)", i ? "; " : "", found[i].info.id, found[i].info.name,
                          oc_device_type_name(found[i].info.type), found[i].info.platform);
    oc__fail(context, err, OC_ERROR_NO_DEVICE, "no device fits '%s'; there are: %s", text, names.text);
    oc__string_finish(&names);
    return OC_ERROR_NO_DEVICE;
}

static oc_status pick(oc_context *context, const oc__found *found, size_t count, const char *text, size_t *out, oc_error *err) {
    const char *rest = NULL;
    size_t index = 0;
    oc_device_type type = kind_of(text, &rest);
    if (*text == '\0')
        return oc__fail(context, err, OC_ERROR_INVALID, "a device selection has an empty entry");
    if (type && *rest == ':' && !index_of(rest + 1, &index))
        return oc__fail(context, err, OC_ERROR_INVALID, "the device selection '%s' should end with a number, as in %s:0", text,
                        oc_device_type_name(type));
    if (strcmp(text, "auto") == 0)
        *out = find_auto(found, count);
    else if (type)
        *out = find_kind(found, count, type, index);
    else
        *out = is_pair(text) ? find_pair(found, count, text) : find_name(found, count, text);
    return *out < count ? OC_OK : none(context, found, count, text, err);
}

/* Ends the entry at its comma, without the spaces around it; returns the next one, NULL behind the last. */
static char *split(char **entry) {
    char *start = *entry + strspn(*entry, " "), *comma = strchr(start, ','), *end = comma ? comma : start + strlen(start);
    char *next = comma ? comma + 1 : NULL;
    while (end > start && end[-1] == ' ')
        end--;
    *end = '\0';
    *entry = start;
    return next;
}

oc_status oc__select(oc_context *context, const oc__found *found, size_t count, const char *selection, size_t **picks,
                     size_t *pick_count, oc_error *err) {
    if (!selection || !*selection)
        selection = getenv("OCELLI_DEVICE");
    if (!selection || !*selection)
        selection = "auto";
    size_t entries = 1, done = 0;
    for (const char *at = selection; *at; at++)
        entries += *at == ',';
    char *copy = oc__strdup(context, selection);
    size_t *indices = oc__alloc_array(context, entries, sizeof *indices);
    oc_status status = copy && indices ? OC_OK : oc__fail_memory(context, err, entries * sizeof *indices);
    for (char *entry = copy, *next; status == OC_OK && entry; entry = next) {
        next = split(&entry);
        status = pick(context, found, count, entry, &indices[done], err);
        done++;
    }
    oc__free(context, copy);
    if (status != OC_OK) {
        oc__free(context, indices);
        return status;
    }
    *picks = indices;
    *pick_count = done;
    return OC_OK;
}
