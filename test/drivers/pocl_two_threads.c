/* SPDX-License-Identifier: Apache-2.0 */
/* PoCL 3.1: "pocl_release_dlhandle_cache: Assertion `found->ref_count > 0' failed", SIGABRT.
 *
 * The cache of compiled kernels has an entry for each largest grid that was met; a launch fits all entries whose grid is no smaller,
 * and takes the one that was used last. When the launch ends it looks again, and may find another thread's. Later versions keep the
 * entry with the launch. Two devices of one context, a thread each, the same program:
 *
 *     cc pocl_two_threads.c -lOpenCL -lpthread && POCL_DEVICES="basic basic" ./a.out
 *
 * Prints "fine" where it does not happen. The library gives such devices programs of their own (lib/device/program.c). */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <pthread.h>
#include <stdio.h>

static const char *source = "kernel void add(global float *x) { x[get_global_id(0)] += 1; }";
static cl_context context;
static cl_program program;

static void *work(void *device) {
    cl_kernel kernel = clCreateKernel(program, "add", NULL);
    cl_command_queue queue = clCreateCommandQueue(context, *(cl_device_id *)device, 0, NULL);
    cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, 4096 * 4, NULL, NULL);
    clSetKernelArg(kernel, 0, sizeof(buffer), &buffer);
    for (int i = 0; i < 20000; i++) {
        size_t local = 1, global = 1 + (size_t)(i * 7) % 4000;
        clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL);
    }
    clFinish(queue);
    return NULL;
}

int main(void) {
    cl_platform_id platforms[8];
    cl_device_id devices[2];
    cl_uint platform_count = 0, count = 0;
    clGetPlatformIDs(8, platforms, &platform_count);
    for (cl_uint i = 0; i < platform_count && count < 2; i++)
        if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_CPU, 2, devices, &count) != CL_SUCCESS)
            count = 0;
    if (count < 2) {
        printf("there are no two devices on one platform: POCL_DEVICES=\"basic basic\"\n");
        return 77;
    }
    context = clCreateContext(NULL, 2, devices, NULL, NULL, NULL);
    program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
    clBuildProgram(program, 2, devices, "", NULL, NULL);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, work, &devices[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("fine\n");
    return 0;
}
