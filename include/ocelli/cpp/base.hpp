/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cpp/base.hpp
 * What the C++ classes are made of: the exception, owning handles, spans, element types. Included by ocelli.hpp.
 */
#ifndef OCELLI_CPP_BASE_HPP
#define OCELLI_CPP_BASE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <initializer_list>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <ocelli/ocelli.h>

namespace ocelli {

/** What a failed call throws: the status, and the library's sentence as what(). */
class error : public std::runtime_error {
  public:
    explicit error(const oc_error &reason) : std::runtime_error(reason.text), reason_(reason) {}

    /** The status that the C function returned; its name is given by oc_status_name(). */
    oc_status status() const noexcept { return reason_.status; }
    /** OpenCL's or the system's own error number, 0 where there is none. */
    int native() const noexcept { return reason_.native; }
    /** All of it, as the C functions give it. */
    const oc_error &reason() const noexcept { return reason_; }

  private:
    oc_error reason_;
};

namespace detail {

/** Throws; in a program compiled without exceptions it ends the program (such programs call the C functions: handle::out()). */
[[noreturn]] inline void fail(const oc_error &reason) {
#if defined(__cpp_exceptions)
    throw error(reason);
#else
    (void)reason;
    std::terminate();
#endif
}

inline void check(oc_status status, oc_error &reason) {
    if (status == OC_OK)
        return;
    reason.status = status;
    fail(reason);
}

[[noreturn]] inline void fail(oc_status status, const std::string &text) {
    oc_error reason = {};
    reason.status = status;
    text.copy(reason.text, sizeof(reason.text) - 1);
    fail(reason);
}

/** Calls a C function that ends with an error argument, and throws if it fails. */
template <class F, class... A> void call(F function, A &&...arguments) {
    oc_error reason = {};
    check(function(std::forward<A>(arguments)..., &reason), reason);
}

} // namespace detail

#if defined(__cpp_exceptions)
/**
 * Runs something and gives a status instead of an exception: `if (ocelli::attempt([&] { e.run(in, out); }, &err) != OC_OK)`.
 * @param reason receives the sentence; may be null.
 */
template <class F> oc_status attempt(F &&work, oc_error *reason = nullptr) noexcept {
    oc_error found = {};
    try {
        work();
    } catch (const error &e) {
        found = e.reason();
    } catch (const std::bad_alloc &) {
        found.status = OC_ERROR_MEMORY;
        std::snprintf(found.text, sizeof(found.text), "%s", oc_status_text(OC_ERROR_MEMORY));
    } catch (const std::exception &e) {
        found.status = OC_ERROR_INTERNAL;
        std::snprintf(found.text, sizeof(found.text), "%s", e.what());
    } catch (...) {
        found.status = OC_ERROR_INTERNAL;
    }
    if (reason && found.status != OC_OK)
        *reason = found;
    return found.status;
}
#endif

/**
 * Owns a C object: moved, not copied; empty after a move. What an object was made of (a tensor of its device, a device of its
 * context) is kept alive by it, so that they may go in any order.
 */
template <class T, void (*Destroy)(T **)> class handle {
  public:
    handle() = default;
    handle(handle &&) noexcept = default;
    handle &operator=(handle &&) noexcept = default;
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;

    /** The C object, for the C functions; owned here. Null when empty. */
    T *get() const noexcept { return object_.get(); }
    operator T *() const noexcept { return get(); }
    explicit operator bool() const noexcept { return get() != nullptr; }
    /** Lets the object go; what was made of it keeps it alive as long as it needs it. */
    void reset() noexcept { object_.reset(); }
    /** The owner, for other objects to keep. */
    const std::shared_ptr<T> &owner() const noexcept { return object_; }

    /** Receives an object from a C function: `oc_status s = oc_plan_create(plan.out(), …, &err)`. No parents are kept then. */
    class receiver {
      public:
        explicit receiver(handle &to) noexcept : to_(to) {}
        receiver(const receiver &) = delete;
        receiver &operator=(const receiver &) = delete;
        ~receiver() {
            if (raw_)
                to_.take(raw_);
        }
        operator T **() noexcept { return &raw_; }

      private:
        handle &to_;
        T *raw_ = nullptr;
    };
    receiver out() noexcept { return receiver(*this); }

  protected:
    explicit handle(std::shared_ptr<T> object) noexcept : object_(std::move(object)) {}

    /** Takes a C object over; the parents live as long as it. */
    template <class... P> void take(T *raw, P... parents) {
        object_ = std::shared_ptr<T>(raw, [kept = std::make_tuple(std::move(parents)...)](T *object) {
            (void)kept;
            Destroy(&object);
        });
    }
    /** Makes an object by a C function whose first argument receives it, and whose last one is the error. */
    template <class F, class K, class... A> void make(K parents, F function, A &&...arguments) {
        T *raw = nullptr;
        detail::call(function, &raw, std::forward<A>(arguments)...);
        std::apply([&](auto &&...each) { take(raw, each...); }, parents);
    }

  private:
    std::shared_ptr<T> object_;
};

/** A run of elements that somebody else owns: of a vector, an array, or a pointer and a number. */
template <class T> class span {
  public:
    span() = default;
    span(T *data, size_t size) noexcept : data_(data), size_(size) {}
    template <class C, class = std::enable_if_t<std::is_convertible_v<decltype(std::declval<C &>().data()), T *>>>
    span(C &&container) noexcept : data_(container.data()), size_(container.size()) {}
    template <size_t N> span(T (&array)[N]) noexcept : data_(array), size_(N) {}

    T *data() const noexcept { return data_; }
    size_t size() const noexcept { return size_; }
    T *begin() const noexcept { return data_; }
    T *end() const noexcept { return data_ + size_; }
    T &operator[](size_t i) const noexcept { return data_[i]; }

  private:
    T *data_ = nullptr;
    size_t size_ = 0;
};

/** The element type of a C++ type: dtype_of<float> is OC_F32. Half floats have none: give the type and bytes. */
template <class T> struct dtype_of_type;
template <> struct dtype_of_type<float> : std::integral_constant<oc_dtype, OC_F32> {};
template <> struct dtype_of_type<double> : std::integral_constant<oc_dtype, OC_F64> {};
template <> struct dtype_of_type<bool> : std::integral_constant<oc_dtype, OC_BOOL> {};
template <> struct dtype_of_type<int8_t> : std::integral_constant<oc_dtype, OC_I8> {};
template <> struct dtype_of_type<int16_t> : std::integral_constant<oc_dtype, OC_I16> {};
template <> struct dtype_of_type<int32_t> : std::integral_constant<oc_dtype, OC_I32> {};
template <> struct dtype_of_type<int64_t> : std::integral_constant<oc_dtype, OC_I64> {};
template <> struct dtype_of_type<uint8_t> : std::integral_constant<oc_dtype, OC_U8> {};
template <> struct dtype_of_type<uint16_t> : std::integral_constant<oc_dtype, OC_U16> {};
template <> struct dtype_of_type<uint32_t> : std::integral_constant<oc_dtype, OC_U32> {};
template <> struct dtype_of_type<uint64_t> : std::integral_constant<oc_dtype, OC_U64> {};
template <class T> inline constexpr oc_dtype dtype_of = dtype_of_type<std::remove_cv_t<T>>::value;

/** The sizes of a tensor's axes: {1, 3, 224, 224}; in a graph also symbols, from graph::symbol(). */
class shape : public oc_shape {
  public:
    shape() : oc_shape{} {}
    shape(const oc_shape &other) : oc_shape(other) {}
    shape(std::initializer_list<int64_t> sizes) : shape(sizes.begin(), sizes.size()) {}
    shape(const std::vector<int64_t> &sizes) : shape(sizes.data(), sizes.size()) {}
    shape(const int64_t *sizes, size_t count) : oc_shape{} {
        if (count > OC_MAX_RANK)
            detail::fail(OC_ERROR_LIMIT,
                         "a shape has " + std::to_string(count) + " axes, more than " + std::to_string(OC_MAX_RANK));
        rank = static_cast<int32_t>(count);
        for (size_t i = 0; i < count; i++)
            dims[i] = sizes[i];
    }

    /** Number of elements; -1 if there are symbols among the sizes. */
    int64_t count() const noexcept { return oc_shape_count(this); }
    std::vector<int64_t> sizes() const { return std::vector<int64_t>(dims, dims + rank); }
    friend bool operator==(const shape &a, const shape &b) noexcept { return oc_shape_equal(&a, &b); }
    friend bool operator!=(const shape &a, const shape &b) noexcept { return !(a == b); }
};

namespace detail {
/** Collects what a print function of the library writes. */
inline oc_writer collect(std::string &text) {
    auto append = [](void *user, const char *piece, size_t size) { static_cast<std::string *>(user)->append(piece, size); };
    return oc_writer{append, &text};
}
} // namespace detail

} // namespace ocelli

#endif
