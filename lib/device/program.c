/* SPDX-License-Identifier: Apache-2.0 */
/* Programs: from memory, from the disk cache, or built. */
#include "device/cl.h"

#include <string.h>

static const char OPTIONS[] = "-cl-std=CL1.2 -w";
static const char LEAN_OPTIONS[] = "-cl-std=CL1.2 -w -D_OPENCL_H_";
static const char KIND[] = "program";

/* Sub-groups are of a later OpenCL C than all else here. */
static const char *options_of(const oc_device *device, const char *text) {
    if (!strstr(text, OC_DEFINE_SUB_GROUPS))
        return OPTIONS;
    return strncmp(device->info.version, "OpenCL 2", 8) ? "-cl-std=CL3.0 -w" : "-cl-std=CL2.0 -w";
}

/* NULL if there is none. */
static char *read_log(oc_device *device, cl_program handle) {
    size_t size = 0;
    cl_int code = device->cl->clGetProgramBuildInfo(handle, device->handle, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    char *text = code == CL_SUCCESS && size > 1 ? oc__alloc(device->context, size + 1) : NULL;
    if (text && device->cl->clGetProgramBuildInfo(handle, device->handle, CL_PROGRAM_BUILD_LOG, size, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    return text;
}

/* The first lines of the build log into the error, all of it into the debug log. */
static oc_status fail_build(oc_device *device, cl_program handle, const char *file, cl_int code, oc_error *err) {
    char *text = read_log(device, handle);
    oc__fail_native(device->context, err, OC_ERROR_BUILD, code, "%s on %s: clBuildProgram: %s (%d): %.300s", file,
                    device->info.name, oc__cl_error_name(code), code, text && *text ? text : "no build log");
    if (text)
        oc__log(device->context, OC_LOG_DEBUG, "build log of %s: %s", file, text);
    oc__free(device->context, text);
    return OC_ERROR_BUILD;
}

/* The binary of this device among those of all devices of the cl_context; NULL where there is none. */
static void *read_binary(oc_device *device, cl_program handle, cl_uint count, size_t *size) {
    const oc__cl *cl = device->cl;
    oc_context *context = device->context;
    cl_device_id *devices = oc__alloc_array(context, count, sizeof *devices);
    size_t *sizes = oc__alloc_array(context, count, sizeof *sizes);
    unsigned char **binaries = oc__alloc_array(context, count, sizeof *binaries);
    unsigned char *binary = NULL;
    cl_uint mine = count;
    if (devices && sizes && binaries &&
        cl->clGetProgramInfo(handle, CL_PROGRAM_DEVICES, count * sizeof *devices, devices, NULL) == CL_SUCCESS &&
        cl->clGetProgramInfo(handle, CL_PROGRAM_BINARY_SIZES, count * sizeof *sizes, sizes, NULL) == CL_SUCCESS) {
        for (mine = 0; mine < count && devices[mine] != device->handle; mine++)
            ;
        if (mine < count && sizes[mine] > 0)
            binary = oc__alloc(context, sizes[mine]);
    }
    if (binary) {
        binaries[mine] = binary;
        *size = sizes[mine];
        if (cl->clGetProgramInfo(handle, CL_PROGRAM_BINARIES, count * sizeof *binaries, binaries, NULL) != CL_SUCCESS) {
            oc__free(context, binary);
            binary = NULL;
        }
    }
    oc__free(context, devices);
    oc__free(context, sizes);
    oc__free(context, binaries);
    return binary;
}

static void store(oc_device *device, cl_program handle, const char *file, const char *key) {
    cl_uint count = 0;
    size_t size = 0;
    if (!device->context->cache_folder[0])
        return;
    device->cl->clGetProgramInfo(handle, CL_PROGRAM_NUM_DEVICES, sizeof count, &count, NULL);
    void *binary = count ? read_binary(device, handle, count, &size) : NULL;
    if (binary)
        oc__cache_put(device->context, KIND, key, binary, size);
    else
        oc__log(device->context, OC_LOG_WARNING, "%s: %s gives no binary to keep", file, device->info.name);
    oc__free(device->context, binary);
}

/* A shortage passes; what else is wrong with a whole file that the driver itself gave comes again. */
static bool is_for_good(cl_int code) {
    return code != CL_OUT_OF_HOST_MEMORY && code != CL_OUT_OF_RESOURCES && code != CL_MEM_OBJECT_ALLOCATION_FAILURE;
}

/* NULL if the cache has none or the driver refuses it. In the place of a refused one an empty one is kept: it is not tried again.
 * `wanted`: whether one is to be kept. */
static cl_program from_cache(oc_device *device, const char *file, const char *key, bool *wanted) {
    const oc__cl *cl = device->cl;
    oc__string data;
    cl_program handle = NULL;
    oc__string_init(&data, device->context);
    bool found = oc__cache_get(device->context, KIND, key, &data);
    *wanted = !found || data.size > 0;
    if (found && data.size > 0) {
        const unsigned char *binary = (const unsigned char *)data.text;
        cl_int code = CL_SUCCESS, accepted = CL_SUCCESS;
        handle = cl->clCreateProgramWithBinary(device->cl_context, 1, &device->handle, &data.size, &binary, &accepted, &code);
        code = handle && accepted != CL_SUCCESS ? accepted : code;
        if (handle && code == CL_SUCCESS)
            code = cl->clBuildProgram(handle, 1, &device->handle, OPTIONS, NULL, NULL);
        if (code != CL_SUCCESS) {
            *wanted = !is_for_good(code);
            oc__log(device->context, OC_LOG_WARNING, "%s: %s refuses its cached binary (%s, %d): it is built %s", file, device->info.name,
                    oc__cl_error_name(code), code, *wanted ? "again" : "from source from now on");
            if (!*wanted)
                oc__cache_put(device->context, KIND, key, "", 0);
            if (handle)
                cl->clReleaseProgram(handle);
            handle = NULL;
        }
    }
    oc__string_finish(&data);
    return handle;
}

/* Without the header of all built-in functions, those that are used declared instead, and with bodies of kernels that are compiled
 * once; NULL if the driver does not want that. */
static cl_program build_lean(oc_device *device, const char *file, const char *text) {
    const oc__cl *cl = device->cl;
    oc__string declarations, once;
    oc__string_init(&declarations, device->context);
    oc__string_init(&once, device->context);
    oc__source_once(text, &once);
    oc__builtins_declare(once.text, &declarations);
    const char *parts[] = {declarations.text, once.text};
    cl_int code = CL_SUCCESS;
    bool whole = !declarations.failed && !once.failed;
    cl_program handle = whole ? cl->clCreateProgramWithSource(device->cl_context, 2, parts, NULL, &code) : NULL;
    if (handle && cl->clBuildProgram(handle, 1, &device->handle, LEAN_OPTIONS, NULL, NULL) != CL_SUCCESS) {
        char *log = read_log(device, handle);
        oc__log(device->context, OC_LOG_DEBUG, "%s is built once more, with the driver's own header: %s", file, log ? log : "");
        oc__free(device->context, log);
        cl->clReleaseProgram(handle);
        handle = NULL;
    }
    oc__string_finish(&declarations);
    oc__string_finish(&once);
    return handle;
}

static oc_status build_full(oc_device *device, const char *file, const char *text, cl_program *out, oc_error *err) {
    const oc__cl *cl = device->cl;
    cl_int code = CL_SUCCESS;
    cl_program handle = cl->clCreateProgramWithSource(device->cl_context, 1, &text, NULL, &code);
    if (!handle)
        return oc__fail_cl(device->context, err, file, "clCreateProgramWithSource", code);
    code = cl->clBuildProgram(handle, 1, &device->handle, options_of(device, text), NULL, NULL);
    if (code != CL_SUCCESS) {
        oc_status status = fail_build(device, handle, file, code, err);
        cl->clReleaseProgram(handle);
        return status;
    }
    *out = handle;
    return OC_OK;
}

static oc_status build(oc_device *device, const char *file, const char *text, cl_program *out, oc_error *err) {
    double start = oc__clock_seconds();
    *out = device->lean_headers && !strstr(text, OC_DEFINE_SUB_GROUPS) ? build_lean(device, file, text) : NULL;
    if (!*out)
        OC_TRY(build_full(device, file, text, out, err));
    double seconds = oc__clock_seconds() - start;
    device->costs.build_seconds += seconds;
    device->costs.programs_built++;
    oc__log(device->context, OC_LOG_DEBUG, "built %s for %s in %.0f ms", file, device->info.name, 1e3 * seconds);
    return OC_OK;
}

static oc_status make_handle(oc_device *device, const char *file, const char *text, cl_program *out, oc_error *err) {
    oc__string key;
    oc__string_init(&key, device->context);
    oc__string_append(&key, device->key);
    oc__string_append(&key, "\n");
    oc__string_append(&key, OPTIONS);
    oc__string_append(&key, "\n");
    oc__string_append(&key, text);
    oc_status status = OC_OK;
    bool keep = !key.failed && !device->keeps_programs;
    cl_program handle = keep ? from_cache(device, file, key.text, &keep) : NULL;
    if (!handle) {
        status = build(device, file, text, &handle, err);
        if (status == OC_OK && keep)
            store(device, handle, file, key.text);
    }
    oc__string_finish(&key);
    if (status == OC_OK)
        *out = handle;
    return status;
}

static oc_status add(oc__program **out, oc_device *device, const char *file, oc__hash hash, const char *text, oc_error *err) {
    oc__program *program = oc__alloc(device->context, sizeof *program);
    char *kept = oc__strdup(device->context, text), *name = oc__strdup(device->context, file);
    oc_status status = program && kept && name ? OC_OK : oc__fail_memory(device->context, err, strlen(text));
    cl_program handle = NULL;
    if (status == OC_OK)
        status = make_handle(device, file, text, &handle, err);
    if (status != OC_OK) {
        oc__free(device->context, program);
        oc__free(device->context, kept);
        oc__free(device->context, name);
        return status;
    }
    *program = (oc__program){device->programs, device, handle, hash, kept, name};
    device->programs = program;
    device->program_count++;
    *out = program;
    return OC_OK;
}

static oc__program *find(oc_device *device, oc__hash hash, const char *text) {
    oc__program *at = device->programs;
    while (at && !(at->hash.a == hash.a && at->hash.b == hash.b && strcmp(at->text, text) == 0))
        at = at->next;
    return at;
}

/* PoCL 3.1 counts the users of a compiled kernel wrongly, and ends the process, when two threads launch the same one over grids of
 * different sizes (test/drivers/pocl_two_threads.c). Devices that run side by side therefore have programs of their own. */
static void set_apart(const oc_device *device, oc__string *text) {
    const char *number = strchr(device->info.id, ':');
    if (!device->shares_programs && number && strcmp(number, ":0"))
        oc__string_printf(text, "\nconstant int oc_device_%s = 1;\n", number + 1);
}

/* Compilers no longer heed `#pragma OPENCL EXTENSION cl_khr_fp64 : disable`. Of half there is storage on every device. */
static void hide(const oc_device *device, oc__string *text) {
    if (device->hides_fp16)
        oc__string_append(text, "#undef cl_khr_fp16\n");
    if (device->hides_fp64)
        oc__string_append(text, "#undef cl_khr_fp64\n#define double masked_double\n");
}

oc_status oc__program_get(oc__program **out, oc_device *device, const char *file, const char *defines, oc_error *err) {
    return oc__program_get_text(out, device, file, defines, NULL, err);
}

oc_status oc__program_get_text(oc__program **out, oc_device *device, const char *file, const char *defines, const char *source,
                               oc_error *err) {
    OC_TRY(oc__device_check(device, err));
    oc__string text, given;
    oc__string_init(&text, device->context);
    oc__string_init(&given, device->context);
    hide(device, &given);
    oc__string_append(&given, defines ? defines : "");
    oc_status status = given.failed ? oc__fail_memory(device->context, err, given.size)
                                    : oc__program_source_text(device->context, file, given.text, source, &text, err);
    oc__string_finish(&given);
    set_apart(device, &text);
    if (status == OC_OK && text.failed)
        status = oc__fail_memory(device->context, err, text.size);
    if (status == OC_OK) {
        oc__hash hash = oc__hash_init();
        oc__hash_add(&hash, text.text, text.size);
        pthread_mutex_lock(&device->build_lock);
        oc__program *known = find(device, hash, text.text);
        if (known)
            *out = known;
        else
            status = add(out, device, file, hash, text.text, err);
        pthread_mutex_unlock(&device->build_lock);
    }
    oc__string_finish(&text);
    return status;
}

oc__costs oc__device_costs(oc_device *device) {
    pthread_mutex_lock(&device->build_lock);
    oc__costs costs = device->costs;
    pthread_mutex_unlock(&device->build_lock);
    return costs;
}

void oc__device_count_verdict(oc_device *device, double seconds, double first_run_seconds) {
    pthread_mutex_lock(&device->build_lock);
    device->costs.verdicts++;
    device->costs.verify_seconds += seconds;
    device->costs.first_run_seconds += first_run_seconds;
    pthread_mutex_unlock(&device->build_lock);
}

uint64_t oc__device_program_count(oc_device *device) {
    pthread_mutex_lock(&device->build_lock);
    uint64_t count = device->program_count;
    pthread_mutex_unlock(&device->build_lock);
    return count;
}
