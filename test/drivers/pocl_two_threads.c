/* SPDX-License-Identifier: Apache-2.0 */
/* PoCL 3.1: "pocl_release_dlhandle_cache: Assertion `found->ref_count > 0' failed", SIGABRT.
 *
 * The cache of compiled kernels has an entry for each largest grid that was met; a launch fits all entries whose grid is no smaller,
 * and takes the one that was used last. When the launch ends it looks again, and may find another thread's. Later versions keep the
 * entry with the launch. Two devices of one context, a thread each, the same program: POCL_DEVICES="basic basic".
 *
 * The library gives such devices programs of their own (lib/device/program.c). */
#include "reproducer.h"

#include <pthread.h>

static cl_program program;

static void *work(void *of) {
    cl_kernel kernel = clCreateKernel(program, "add", NULL);
    cl_command_queue own = clCreateCommandQueue(context, *(cl_device_id *)of, 0, NULL);
    cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, 4096 * 4, NULL, NULL);
    clSetKernelArg(kernel, 0, sizeof(buffer), &buffer);
    for (int i = 0; i < 20000; i++) {
        size_t local = 1, global = 1 + (size_t)(i * 7) % 4000;
        clEnqueueNDRangeKernel(own, kernel, 1, NULL, &global, &local, 0, NULL, NULL);
    }
    clFinish(own);
    return NULL;
}

int main(void) {
    static const char *source = "kernel void add(global float *x) { x[get_global_id(0)] += 1; }";
    cl_device_id devices[2];
    cl_uint count = 0;
    open_driver("Portable Computing Language");
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_CPU, 2, devices, &count) != CL_SUCCESS || count < 2) {
        printf("there are no two devices: POCL_DEVICES=\"basic basic\"\n");
        return NO_DRIVER;
    }
    context = clCreateContext(NULL, 2, devices, NULL, NULL, NULL);
    program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
    clBuildProgram(program, 2, devices, "", NULL, NULL);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, work, &devices[i]);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    return verdict(0, "");
}
