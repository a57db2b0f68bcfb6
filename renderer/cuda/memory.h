// Memory that kernels work on, wherever it is: the host for tests, the graphics card in use.
//
// An executor is what schedules are written for: a Memory, and
//   template <class Kernel> void launch(const char* name, const Kernel& kernel, Index count)
// that calls kernel(i) once for every i in [0, count), in any order, after all earlier launches, and
//   template <class Launches> void play(Recording& recording, const Launches& launches)
// that makes the launches, the first time or after recording.forget() by calling launches(), later from memory, and
//   void* stream() const
// of the CUDA runtime, null on the host.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace penumbra::device {

// Transfers are ordered with the launches of the executor that implements this.
class Memory {
 public:
  virtual ~Memory() = default;
  virtual void* allocate(std::size_t bytes) = 0;  // throws Error(Memory)
  virtual void release(void* pointer) noexcept = 0;
  virtual void upload(void* to, const void* from, std::size_t bytes) = 0;
  virtual void download(void* to, const void* from, std::size_t bytes) = 0;  // waits for everything before it
  virtual void copy(void* to, const void* from, std::size_t bytes) = 0;      // within the device
  virtual void fill(void* to, std::uint8_t byte, std::size_t bytes) = 0;
  virtual std::size_t available() const = 0;  // bytes
  // Host memory that the device writes to by itself; null when there is none.
  virtual void* allocateHost(std::size_t) { return nullptr; }
  virtual void releaseHost(void*) noexcept {}
  // Is there after the next download: what was put into a HostBuffer costs no waiting of its own.
  virtual void downloadLater(void* to, const void* from, std::size_t bytes) { download(to, from, bytes); }
};

// Owns room for a number of plain values; contents are not kept when it grows.
template <class Value>
class Buffer {
  static_assert(std::is_trivially_copyable_v<Value>);

 public:
  Buffer() = default;
  Buffer(Buffer&& o) noexcept
      : memory_(std::exchange(o.memory_, nullptr)),
        data_(std::exchange(o.data_, nullptr)),
        size_(std::exchange(o.size_, 0)) {}
  Buffer& operator=(Buffer&& o) noexcept {
    std::swap(memory_, o.memory_);
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~Buffer() { clear(); }

  void clear() noexcept {
    if (data_) memory_->release(data_);
    data_ = nullptr;
    size_ = 0;
  }
  // At least one value is always there, so that data() is never null. True if the room is new.
  bool allocate(Memory& memory, std::int64_t size) {
    if (data_ && size == size_) return false;
    clear();
    memory_ = &memory;
    data_ = static_cast<Value*>(memory.allocate(sizeof(Value) * std::size_t(size > 0 ? size : 1)));
    size_ = size;
    return true;
  }
  void upload(Memory& memory, std::span<const Value> values) {
    allocate(memory, std::int64_t(values.size()));
    if (!values.empty()) memory.upload(data_, values.data(), values.size_bytes());
  }
  void upload(Memory& memory, const std::vector<Value>& values) { upload(memory, std::span<const Value>(values)); }
  std::vector<Value> download(std::int64_t count) const {
    std::vector<Value> values(static_cast<std::size_t>(count));
    if (count > 0) memory_->download(values.data(), data_, sizeof(Value) * values.size());
    return values;
  }
  void fill(std::uint8_t byte) {
    if (size_ > 0) memory_->fill(data_, byte, sizeof(Value) * std::size_t(size_));
  }

  Value* data() const { return data_; }
  std::int64_t size() const { return size_; }
  std::size_t bytes() const { return sizeof(Value) * std::size_t(size_); }

 private:
  Memory* memory_ = nullptr;
  Value* data_ = nullptr;
  std::int64_t size_ = 0;
};

// Room on the host for downloadLater: page-locked where there is such memory, else plain.
template <class Value>
class HostBuffer {
  static_assert(std::is_trivially_copyable_v<Value>);

 public:
  HostBuffer() = default;
  HostBuffer(const HostBuffer&) = delete;
  HostBuffer& operator=(const HostBuffer&) = delete;
  ~HostBuffer() { clear(); }

  void allocate(Memory& memory, std::size_t size) {
    if (size == size_) return;
    clear();
    memory_ = &memory;
    locked_ = static_cast<Value*>(memory.allocateHost(sizeof(Value) * size));
    if (!locked_) plain_.resize(size);
    size_ = size;
  }
  // Its first `count` values, see Memory::downloadLater.
  void downloadLater(const Value* from, std::size_t count) {
    if (count > 0) memory_->downloadLater(data(), from, sizeof(Value) * count);
  }
  std::span<const Value> values(std::size_t count) const { return {locked_ ? locked_ : plain_.data(), count}; }

 private:
  Value* data() { return locked_ ? locked_ : plain_.data(); }
  void clear() noexcept {
    if (locked_) memory_->releaseHost(locked_);
    locked_ = nullptr;
    plain_.clear();
    size_ = 0;
  }

  Memory* memory_ = nullptr;
  Value* locked_ = nullptr;
  std::vector<Value> plain_;
  std::size_t size_ = 0;
};

}  // namespace penumbra::device
