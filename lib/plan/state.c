/* SPDX-License-Identifier: Apache-2.0 */
/* States on a device: laid out in groups, one behind another, so that one kernel can update them all. */
#include <math.h>
#include <string.h>

#include "plan/plan.h"

int64_t oc_state_find(const oc_state *state, const char *name) {
    for (size_t i = 0; i < state->count; i++)
        if (!strcmp(state->entries[i].name, name))
            return (int64_t)i;
    return -1;
}

size_t oc_state_count(const oc_state *state) {
    return state->count;
}

oc_value_info oc_state_get_info(const oc_state *state, size_t index) {
    if (index >= state->count)
        return (oc_value_info){0};
    const oc__state_entry *entry = &state->entries[index];
    return (oc_value_info){.name = entry->name, .dtype = entry->dtype, .shape = entry->shape, .trainable = entry->trainable};
}

uint64_t oc_state_get_version(const oc_state *state) {
    return state->version;
}

uint64_t oc__state_add_version(oc_state *state, uint64_t steps) {
    pthread_mutex_lock(&state->lock);
    uint64_t version = state->version += steps;
    pthread_mutex_unlock(&state->lock);
    return version;
}

void oc_state_freeze(oc_state *state) {
    state->frozen = true;
}

/* What lies in one slab: all trainable states of a type; each kind of optimizer moment ("optimizer.m.…"); the rest. */
static bool same_group(const oc_value *a, const oc_value *b) {
    if (a->dtype != b->dtype || a->init.frozen != b->init.frozen)
        return false;
    bool moment_a = !strncmp(a->name, "optimizer.", 10), moment_b = !strncmp(b->name, "optimizer.", 10);
    if (moment_a != moment_b)
        return false;
    if (!moment_a)
        return true;
    size_t length = strcspn(a->name + 10, ".");
    return length == strcspn(b->name + 10, ".") && !strncmp(a->name + 10, b->name + 10, length);
}

static bool random_init(const oc_init *init) {
    return init->kind != OC_INIT_CONSTANT;
}

/* Inputs and outputs that one element of a weight takes part in. */
static void fans(const oc_value *value, double *in, double *out) {
    const oc_shape *s = &value->shape;
    double kernel = 1;
    for (int i = 2; i < s->rank; i++)
        kernel *= (double)s->dims[i];
    if (s->rank == 2) {
        *in = (double)s->dims[value->init.transposed ? 1 : 0];
        *out = (double)s->dims[value->init.transposed ? 0 : 1];
    } else {
        *in = s->rank > 1 ? (double)s->dims[1] * kernel : s->rank ? (double)s->dims[0] : 1;
        *out = s->rank ? (double)s->dims[0] * kernel : 1;
    }
    *in = value->init.fan_in > 0 ? (double)value->init.fan_in : fmax(*in, 1);
    *out = value->init.fan_out > 0 ? (double)value->init.fan_out : fmax(*out, 1);
}

static double bound_of(const oc_value *value) {
    double in, out, scale = value->init.scale != 0 ? value->init.scale : 1;
    fans(value, &in, &out);
    switch (value->init.kind) {
    case OC_INIT_XAVIER: return scale * sqrt(6 / (in + out));
    case OC_INIT_XAVIER_NORMAL: return scale * sqrt(2 / (in + out));
    case OC_INIT_HE: return scale * sqrt(2 / in);
    case OC_INIT_HE_UNIFORM: return scale * sqrt(6 / in);
    case OC_INIT_FAN_IN: return scale / sqrt(in);
    default: return scale;
    }
}

static double first_value(const oc_value *value, double bound, uint64_t seed, uint64_t stream, int64_t i) {
    oc_init_kind kind = value->init.kind;
    if (!random_init(&value->init))
        return value->init.value;
    if (kind == OC_INIT_NORMAL || kind == OC_INIT_XAVIER_NORMAL || kind == OC_INIT_HE)
        return value->init.value + bound * oc__random_normal(seed, stream, (uint64_t)i);
    return value->init.value + bound * (2.0 * oc__random_uniform(seed, stream, (uint64_t)i) - 1);
}

static void fill_first_values(const oc_value *value, uint64_t seed, uint8_t *to) {
    int64_t count = oc_shape_count(&value->shape);
    if (value->data) {
        memcpy(to, oc_tensor_get_data(value->data), (size_t)count * oc_dtype_size(value->dtype));
        return;
    }
    oc__hash hash = oc__hash_init();
    oc__hash_add_text(&hash, value->name);
    double bound = bound_of(value);
    for (int64_t i = 0; i < count; i++)
        oc__element_set(value->dtype, to, i, first_value(value, bound, seed, hash.a, i));
    if (!strcmp(value->name, "random.counter") && count > 0)
        oc__element_set(value->dtype, to, 0, (double)(seed & 0xfffffffffffffULL)); /* exact in a double */
}

static uint64_t segment_bytes(const oc_value *value) {
    uint64_t bytes = (uint64_t)oc_shape_count(&value->shape) * oc_dtype_size(value->dtype);
    return (bytes + OC_SEGMENT - 1) / OC_SEGMENT * OC_SEGMENT;
}

static oc_status add_entry(oc_state *state, const oc_value *value, oc__buffer *buffer, uint64_t offset, oc_error *err) {
    oc__state_entry entry = {.name = oc__strdup(state->context, value->name), .dtype = value->dtype, .shape = value->shape,
                             .trainable = !value->init.frozen, .buffer = buffer, .offset = offset,
                             .bytes = (uint64_t)oc_shape_count(&value->shape) * oc_dtype_size(value->dtype)};
    if (!entry.name || !OC_ARRAY_PUSH(state->context, state->entries, state->count, state->capacity, entry)) {
        oc__free(state->context, entry.name);
        return oc__fail_memory(state->context, err, sizeof(entry));
    }
    return OC_OK;
}

/* One buffer with the first values of `count` states, one behind another. */
static oc_status add_buffer(oc_state *state, oc_value *const *values, size_t count, uint64_t seed, oc_error *err) {
    uint64_t size = 0, offset = 0;
    for (size_t i = 0; i < count; i++)
        size += segment_bytes(values[i]);
    size = OC_MAX(size, (uint64_t)OC_SEGMENT);
    oc__buffer *buffer = NULL;
    OC_TRY(oc__buffer_create(&buffer, state->device, size, err));
    uint8_t *bytes = oc__alloc(state->context, (size_t)size);
    oc_status status = bytes ? OC_OK : oc__fail_memory(state->context, err, (size_t)size);
    for (size_t i = 0; status == OC_OK && i < count; i++) {
        fill_first_values(values[i], seed, bytes + offset);
        offset += segment_bytes(values[i]);
    }
    if (status == OC_OK)
        status = oc__queue_upload(oc__device_queue(state->device), buffer, 0, bytes, size, err);
    oc__free(state->context, bytes);
    if (status == OC_OK &&
        !OC_ARRAY_PUSH(state->context, state->buffers, state->buffer_count, state->buffer_capacity, buffer))
        status = oc__fail_memory(state->context, err, sizeof(buffer));
    if (status != OC_OK) {
        oc__buffer_release(&buffer);
        return status;
    }
    offset = 0;
    for (size_t i = 0; i < count; i++) {
        OC_TRY(add_entry(state, values[i], buffer, offset, err));
        offset += segment_bytes(values[i]);
    }
    return OC_OK;
}

/* Values that are tensors of the host, each in a buffer of its own; the others stay in `fresh`. */
static oc_status borrow_all(oc_state *state, oc_value **fresh, size_t *count, oc_error *err) {
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        const oc_value *value = fresh[i];
        const void *data = value->data && !oc_tensor_get_device(value->data) ? oc_tensor_get_data(value->data) : NULL;
        uint64_t bytes = (uint64_t)oc_shape_count(&value->shape) * oc_dtype_size(value->dtype);
        if (!data || !bytes || (uintptr_t)data % OC_SEGMENT) {
            fresh[kept++] = fresh[i];
            continue;
        }
        oc__buffer *buffer = NULL;
        OC_TRY(oc__buffer_borrow(&buffer, state->device, data, bytes, err));
        if (!OC_ARRAY_PUSH(state->context, state->buffers, state->buffer_count, state->buffer_capacity, buffer)) {
            oc__buffer_release(&buffer);
            return oc__fail_memory(state->context, err, sizeof(buffer));
        }
        OC_TRY(add_entry(state, value, buffer, 0, err));
        OC_TRY(oc_tensor_view(&state->entries[state->count - 1].lender, value->data, 0, &value->shape, NULL, err));
    }
    *count = kept;
    return OC_OK;
}

static oc_status check_known(const oc_state *state, const oc_value *value, oc_error *err) {
    const oc__state_entry *entry = &state->entries[oc_state_find(state, value->name)];
    if (entry->dtype == value->dtype && oc_shape_equal(&entry->shape, &value->shape))
        return OC_OK;
    return oc__fail(state->context, err, OC_ERROR_SHAPE, "state %s is there already with another type or shape", value->name);
}

/* The bytes of a state and of those behind it that one fused update changes, which must stay together. */
static uint64_t update_bytes(oc_value *const *fresh, size_t count, size_t first) {
    const oc_value *update = fresh[first]->update;
    uint64_t bytes = segment_bytes(fresh[first]);
    for (size_t i = first + 1; update && update->kind == OC_VALUE_NODE && i < count; i++)
        if (fresh[i] && fresh[i]->update && fresh[i]->update->kind == OC_VALUE_NODE &&
            fresh[i]->update->producer == update->producer && same_group(fresh[first], fresh[i]))
            bytes += segment_bytes(fresh[i]);
    return bytes;
}

/* Adds the states in `fresh` group by group; a group is cut where it exceeds what one buffer can hold. */
static oc_status add_groups(oc_state *state, oc_value **fresh, size_t count, uint64_t seed, oc_error *err) {
    uint64_t most = oc__device_caps(state->device)->max_alloc;
    oc_value **group = oc__alloc_array(state->context, OC_MAX(count, (size_t)1), sizeof(*group));
    if (!group)
        return oc__fail_memory(state->context, err, count * sizeof(*group));
    oc_status status = OC_OK;
    for (size_t first = 0; status == OC_OK && first < count; first++) {
        if (!fresh[first])
            continue;
        const oc_value *leader = fresh[first];
        size_t members = 0;
        uint64_t size = 0;
        for (size_t i = first; status == OC_OK && i < count; i++) {
            if (!fresh[i] || !same_group(leader, fresh[i]))
                continue;
            if (members && size + update_bytes(fresh, count, i) > most) {
                status = add_buffer(state, group, members, seed, err);
                members = 0;
                size = 0;
            }
            size += segment_bytes(fresh[i]);
            group[members++] = fresh[i];
            fresh[i] = NULL;
        }
        if (status == OC_OK && members)
            status = add_buffer(state, group, members, seed, err);
    }
    oc__free(state->context, group);
    return status;
}

oc_status oc_state_extend(oc_state *state, const oc_graph *graph, uint64_t seed, oc_error *err) {
    OC_TRY(oc__device_check(state->device, err));
    oc_value **fresh = oc__alloc_array(state->context, OC_MAX(graph->state_count, (size_t)1), sizeof(*fresh));
    if (!fresh)
        return oc__fail_memory(state->context, err, graph->state_count * sizeof(*fresh));
    size_t count = 0;
    oc_status status = OC_OK;
    for (size_t i = 0; status == OC_OK && i < graph->state_count; i++) {
        if (oc_state_find(state, graph->states[i]->name) >= 0)
            status = check_known(state, graph->states[i], err);
        else
            fresh[count++] = graph->states[i];
    }
    if (status == OC_OK && state->borrows)
        status = borrow_all(state, fresh, &count, err);
    if (status == OC_OK)
        status = add_groups(state, fresh, count, seed, err);
    state->version++;
    oc__free(state->context, fresh);
    return status;
}

static oc_status allocate(oc_state **out, oc_device *device, oc_error *err) {
    oc_context *context = oc__device_context(device);
    oc_state *state = oc__alloc(context, sizeof(*state));
    if (!state)
        return oc__fail_memory(context, err, sizeof(*state));
    state->context = context;
    state->device = device;
    pthread_mutex_init(&state->lock, NULL);
    *out = state;
    return OC_OK;
}

static oc_status create(oc_state **out, oc_device *device, const oc_graph *graph, uint64_t seed, bool borrows, oc_error *err) {
    oc_state *state;
    OC_TRY(oc_graph_check(graph, err));
    OC_TRY(allocate(&state, device, err));
    state->borrows = borrows;
    oc_status status = oc_state_extend(state, graph, seed, err);
    if (status == OC_OK)
        *out = state;
    else
        oc_state_destroy(&state);
    return status;
}

oc_status oc_state_create(oc_state **out, oc_device *device, const oc_graph *graph, uint64_t seed, oc_error *err) {
    return create(out, device, graph, seed, false, err);
}

oc_status oc__state_borrow(oc_state **out, oc_device *device, const oc_graph *graph, oc_error *err) {
    OC_TRY(create(out, device, graph, 0, oc__device_caps(device)->type == OC_DEVICE_CPU, err));
    oc_state_freeze(*out);
    return OC_OK;
}

static oc_status share_entry(oc_state *state, const oc__state_entry *from, oc_error *err) {
    oc__state_entry entry = *from;
    entry.lender = NULL;
    entry.name = oc__strdup(state->context, from->name);
    oc__buffer *buffer = from->buffer ? oc__buffer_retain(from->buffer) : NULL;
    if (buffer && !OC_ARRAY_PUSH(state->context, state->buffers, state->buffer_count, state->buffer_capacity, buffer)) {
        oc__buffer_release(&buffer);
        oc__free(state->context, entry.name);
        return oc__fail_memory(state->context, err, sizeof(buffer));
    }
    if (!entry.name || !OC_ARRAY_PUSH(state->context, state->entries, state->count, state->capacity, entry)) {
        oc__free(state->context, entry.name);
        return oc__fail_memory(state->context, err, sizeof(entry));
    }
    return OC_OK;
}

oc_status oc__state_share(oc_state **out, oc_state *from, oc_device *device, oc_error *err) {
    oc_state *state;
    OC_TRY(allocate(&state, device, err));
    state->frozen = from->frozen;
    state->owner = from->owner ? from->owner : from;
    oc_status status = OC_OK;
    for (size_t i = 0; i < from->count && status == OC_OK; i++)
        status = share_entry(state, &from->entries[i], err);
    if (status == OC_OK)
        *out = state;
    else
        oc_state_destroy(&state);
    return status;
}

void oc_state_destroy(oc_state **handle) {
    if (!handle || !*handle)
        return;
    oc_state *state = *handle;
    *handle = NULL;
    while (state->derived) {
        oc__derived *next = state->derived->next;
        oc__derived_free(state, state->derived);
        state->derived = next;
    }
    for (size_t i = 0; i < state->buffer_count; i++)
        oc__buffer_release(&state->buffers[i]);
    for (size_t i = 0; i < state->count; i++) {
        oc_tensor_destroy(&state->entries[i].lender);
        oc__free(state->context, state->entries[i].name);
    }
    oc__free(state->context, state->entries);
    oc__free(state->context, state->buffers);
    pthread_mutex_destroy(&state->lock);
    oc__free(state->context, state);
}

static oc_status find_entry(const oc_state *state, const char *name, const oc_tensor *tensor, oc__state_entry **out, oc_error *err) {
    int64_t index = oc_state_find(state, name);
    if (index < 0)
        return oc__fail(state->context, err, OC_ERROR_NOT_FOUND, "there is no state named %s", name);
    *out = &state->entries[index];
    if ((*out)->dtype != oc_tensor_get_dtype(tensor) || !oc_shape_equal(&(*out)->shape, oc_tensor_get_shape(tensor)))
        return oc__fail(state->context, err, OC_ERROR_SHAPE, "state %s: the tensor has another type or shape", name);
    if (!(*out)->buffer)
        return oc__fail(state->context, err, OC_ERROR_UNSUPPORTED, "state %s: its memory was given back, only packed weights were kept; "
                        "give the exec a state of yours to read from", name);
    return OC_OK;
}

oc_status oc_state_read(oc_state *state, const char *name, oc_tensor *tensor, oc_error *err) {
    oc__state_entry *entry;
    OC_TRY(find_entry(state, name, tensor, &entry, err));
    OC_TRY(oc__entry_check(state, entry, err));
    if (!entry->bytes)
        return OC_OK;
    void *bytes = oc__alloc(state->context, (size_t)entry->bytes);
    if (!bytes)
        return oc__fail_memory(state->context, err, (size_t)entry->bytes);
    oc_status status = oc__queue_read(oc__device_queue(state->device), entry->buffer, entry->offset, bytes, entry->bytes, true, err);
    if (status == OC_OK)
        status = oc_tensor_write(tensor, bytes, entry->bytes, err);
    oc__free(state->context, bytes);
    return status;
}

oc_status oc_state_write(oc_state *state, const char *name, const oc_tensor *tensor, oc_error *err) {
    oc__state_entry *entry;
    if (state->frozen)
        return oc__fail(state->context, err, OC_ERROR_INVALID, "state %s: the state is frozen", name);
    OC_TRY(find_entry(state, name, tensor, &entry, err));
    if (!entry->bytes)
        return OC_OK;
    void *bytes = oc__alloc(state->context, (size_t)entry->bytes);
    if (!bytes)
        return oc__fail_memory(state->context, err, (size_t)entry->bytes);
    oc_status status = oc_tensor_read(tensor, bytes, entry->bytes, err);
    if (status == OC_OK) {
        status = oc__queue_upload(oc__device_queue(state->device), entry->buffer, entry->offset, bytes, entry->bytes, err);
        entry->uncertain = status != OC_OK;
        state->version++;
    }
    oc__free(state->context, bytes);
    return status;
}
