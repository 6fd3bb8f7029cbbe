/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cpp/objects.hpp
 * Contexts, devices, tensors, values and states. Included by ocelli.hpp.
 */
#ifndef OCELLI_CPP_OBJECTS_HPP
#define OCELLI_CPP_OBJECTS_HPP

#include <ocelli/cpp/base.hpp>

namespace ocelli {

class graph;
class exec;
class trainer;

/** The version of the running library, such as "0.1.0". */
inline std::string version() { return oc_version_text(); }

/** Where everything is made in: oc_context. */
class context : public handle<oc_context, oc_context_destroy> {
  public:
    context() : context(oc_context_params{}) {}
    explicit context(const oc_context_params &params) { make(std::tuple<>(), oc_context_create, &params); }
    /** One more object for the same context, from another's owner(). */
    explicit context(const std::shared_ptr<oc_context> &of) : handle(of) {}

    /** All devices there are. Throws OC_ERROR_NO_DEVICE, with a sentence that says what to install, if there is none. */
    std::vector<oc_device_info> devices() const {
        size_t count = 0;
        detail::call(oc_device_list, get(), nullptr, size_t{0}, &count);
        std::vector<oc_device_info> infos(count);
        detail::call(oc_device_list, get(), infos.data(), infos.size(), &count);
        infos.resize(std::min(count, infos.size()));
        return infos;
    }
    std::string cache_folder() const { return oc_context_cache_folder(get()); }
};

/** An opened OpenCL device: oc_device. */
class device : public handle<oc_device, oc_device_destroy> {
  public:
    device() = default;
    /** @param selection such as "gpu", "cpu:1", "0:1" or part of a name (device.h); empty: `$OCELLI_DEVICE`, else the fastest. */
    explicit device(const context &in, const std::string &selection = "") {
        make(std::make_tuple(in.owner()), oc_device_create, in.get(), selection.c_str());
    }
    /** Opens all devices that a comma list names. */
    static std::vector<device> list(const context &in, const std::string &selection) {
        oc_device *raw[64];
        size_t count = 0;
        detail::call(oc_device_create_list, raw, size_t{64}, &count, in.get(), selection.c_str());
        std::vector<device> devices(count);
        for (size_t i = 0; i < count; i++)
            devices[i].take(raw[i], in.owner());
        return devices;
    }
    const oc_device_info &info() const noexcept { return *oc_device_get_info(get()); }
};

/** An n-dimensional array in host memory or on a device: oc_tensor. */
class tensor : public handle<oc_tensor, oc_tensor_destroy> {
  public:
    tensor() = default;
    /** Zeros in host memory. */
    tensor(const context &in, oc_dtype dtype, const ocelli::shape &shape) {
        make(std::make_tuple(in.owner()), oc_tensor_create, in.get(), nullptr, dtype, &shape);
    }
    /** Zeros on a device. */
    tensor(const device &on, oc_dtype dtype, const ocelli::shape &shape) {
        make(std::make_tuple(on.owner()), oc_tensor_create, oc_device_get_context(on), on.get(), dtype, &shape);
    }
    /** A host tensor of elements that the caller keeps alive; nothing is copied. Throws if their number is not the shape's. */
    template <class C> static tensor wrap(const context &in, C &elements, const ocelli::shape &shape) {
        span<std::remove_reference_t<decltype(*elements.data())>> view(elements);
        return wrap(in, view.data(), view.size(), shape);
    }
    template <class T> static tensor wrap(const context &in, T *elements, size_t count, const ocelli::shape &shape) {
        if (shape.count() < 0 || static_cast<uint64_t>(shape.count()) != count)
            detail::fail(OC_ERROR_SHAPE,
                         std::to_string(count) + " elements are given for a shape of " + std::to_string(shape.count()));
        tensor t;
        t.make(std::make_tuple(in.owner()), oc_tensor_wrap, in.get(), dtype_of<T>, &shape,
               const_cast<void *>(static_cast<const void *>(elements)));
        return t;
    }
    /** A part of this tensor; they share memory. @param strides in elements, an entry for each axis; empty: dense. */
    tensor view(uint64_t offset, const ocelli::shape &shape, const std::vector<int64_t> &strides = {}) const {
        tensor t;
        t.make(std::make_tuple(owner()), oc_tensor_view, get(), offset, &shape, strides.empty() ? nullptr : strides.data());
        return t;
    }

    oc_dtype dtype() const noexcept { return oc_tensor_get_dtype(get()); }
    ocelli::shape shape() const { return *oc_tensor_get_shape(get()); }
    int64_t count() const noexcept { return oc_tensor_get_count(get()); }

    /** Copies elements in, dense and row-major; their number and type must be the tensor's. */
    template <class T> void write(span<T> elements) {
        match(dtype_of<T>);
        detail::call(oc_tensor_write, get(), elements.data(), uint64_t{elements.size()} * sizeof(T));
    }
    template <class T> void write(const std::vector<T> &elements) { write(span<const T>(elements)); }
    /** Copies all elements out, dense and row-major. */
    template <class T> std::vector<T> read() const {
        static_assert(!std::is_same_v<T, bool>, "std::vector<bool> has no elements in memory: read into a span");
        std::vector<T> elements(static_cast<size_t>(count()));
        read(span<T>(elements));
        return elements;
    }
    template <class T> void read(span<T> into) const {
        match(dtype_of<T>);
        detail::call(oc_tensor_read, get(), into.data(), uint64_t{into.size()} * sizeof(T));
    }
    /**
     * Its elements as host memory, at its strides, without a copy where host and device share memory; until unmap() nothing else may
     * use it. The span reaches to the last element.
     */
    template <class T> span<T> map() {
        match(dtype_of<T>);
        void *data = nullptr;
        size_t reach = count() ? 1 : 0;
        for (int i = 0; reach && i < shape().rank; i++)
            reach += static_cast<size_t>((shape().dims[i] - 1) * oc_tensor_get_strides(get())[i]);
        detail::call(oc_tensor_map, get(), &data);
        return span<T>(static_cast<T *>(data), reach);
    }
    void unmap() { detail::call(oc_tensor_unmap, get()); }
    /** Copies another tensor of this type and shape; any mix of host and devices. */
    void copy(const tensor &from) { detail::call(oc_tensor_copy, get(), from.get()); }

  private:
    friend class exec;
    friend class state;
    void match(oc_dtype wanted) const {
        if (dtype() != wanted)
            detail::fail(OC_ERROR_INVALID, std::string("the tensor's elements are ") + oc_dtype_name(dtype()) + ", not " +
                                               oc_dtype_name(wanted));
    }
};

/** Something a graph computes, or is given: a plain pointer that the graph owns. */
class value {
  public:
    value(oc_value *object = nullptr) noexcept : object_(object) {}
    operator oc_value *() const noexcept { return object_; }
    oc_value_info info() const { return oc_value_get_info(object_); }
    value &name(const std::string &text) {
        oc_value_set_name(object_, text.c_str());
        return *this;
    }

  private:
    oc_value *object_;
};

/** What a network remembers, on a device: oc_state. */
class state : public handle<oc_state, oc_state_destroy> {
  public:
    state() = default;
    /** The states of a graph with their first values. */
    inline state(const device &on, const graph &of, uint64_t seed);
    inline void extend(const graph &by, uint64_t seed);

    std::vector<oc_value_info> infos() const {
        std::vector<oc_value_info> all(oc_state_count(get()));
        for (size_t i = 0; i < all.size(); i++)
            all[i] = oc_state_get_info(get(), i);
        return all;
    }
    /** Copies a state out. */
    template <class T> std::vector<T> read(const std::string &name) const {
        tensor t = host(name);
        detail::call(oc_state_read, get(), name.c_str(), t.get());
        return t.read<T>();
    }
    /** Copies elements in; their number and type must be the state's. */
    template <class T> void write(const std::string &name, const std::vector<T> &elements) {
        tensor t = host(name);
        t.write(elements);
        detail::call(oc_state_write, get(), name.c_str(), t.get());
    }
    void save(const std::string &path, const std::string &note = "") {
        detail::call(oc_state_save, get(), path.c_str(), note.c_str());
    }
    /** @return the note that was saved with it, cut to 4095 bytes. */
    std::string restore(const std::string &path) {
        std::array<char, 4096> note{};
        detail::call(oc_state_restore, get(), path.c_str(), note.data(), note.size());
        return note.data();
    }
    uint64_t version() const noexcept { return oc_state_get_version(get()); }

  private:
    friend class exec;
    friend class trainer;
    state(std::shared_ptr<oc_state> of, oc_context *in) : handle(std::move(of)), context_(in) {}
    tensor host(const std::string &name) const {
        int64_t index = oc_state_find(get(), name.c_str());
        if (index < 0)
            detail::fail(OC_ERROR_NOT_FOUND, "there is no state named \"" + name + "\"");
        oc_value_info info = oc_state_get_info(get(), static_cast<size_t>(index));
        tensor t;
        t.make(std::make_tuple(owner()), oc_tensor_create, context_, nullptr, info.dtype, &info.shape);
        return t;
    }
    oc_context *context_ = nullptr;
};

} // namespace ocelli

#endif
