// Runs kernels on the graphics card: one stream, launches of an iteration recorded in a CUDA graph. Needs no CUDA
// header: calls go through CudaApi, and `Kernels::pointer<Kernel>()` names what to launch (in cuda_iteration.cu a
// __global__ function, in tests a host function).
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>

#include "renderer/cuda/atomic.h"
#include "renderer/cuda/cuda_api.h"
#include "renderer/cuda/memory.h"

namespace penumbra::device {

// Threads of a block, a multiple of the warp's 32; fewer where blocks would not reach all of a large card's processors.
inline constexpr unsigned kThreads = 256, kFewThreads = 64;
inline constexpr Index kFew = 65536;
inline constexpr std::size_t kStagingBytes = std::size_t(4) << 20;

template <class Kernels>
class CudaExecutor : public Memory {
 public:
  explicit CudaExecutor(const CudaApi& api) : api_(&api) {
    check(api_->setDevice(0), "cudaSetDevice");
    check(api_->streamCreate(&stream_), "cudaStreamCreate");
  }
  CudaExecutor(CudaExecutor&& o) noexcept
      : api_(o.api_),
        stream_(std::exchange(o.stream_, nullptr)),
        staging_(std::exchange(o.staging_, nullptr)),
        asked_(o.asked_) {}
  ~CudaExecutor() override {
    releaseHost(staging_);
    if (stream_) api_->streamDestroy(stream_);
  }

  void* allocate(std::size_t bytes) override {
    void* pointer = nullptr;
    check(api_->allocate(&pointer, bytes), "cudaMalloc of " + std::to_string((bytes + 999999) / 1000000) + " MB");
    return pointer;
  }
  // What was queued may still use it: the runtime waits.
  void release(void* pointer) noexcept override { api_->release(pointer); }
  void upload(void* to, const void* from, std::size_t bytes) override {
    check(api_->copy(to, from, bytes, CudaCopy::HostToDevice, stream_), "Copying to the graphics card");
    wait();  // `from` may go away
  }
  // Through page-locked memory, which the card writes to by itself; without any straight to its place, by the runtime.
  void download(void* to, const void* from, std::size_t bytes) override {
    const std::size_t room = haveStaging() ? kStagingBytes : bytes;
    for (std::size_t done = 0; done < bytes; done += room) {
      const std::size_t part = std::min(room, bytes - done);
      char* const target = static_cast<char*>(to) + done;
      downloadLater(staging_ ? staging_ : target, static_cast<const char*>(from) + done, part);
      wait();
      if (staging_) std::memcpy(target, staging_, part);
    }
  }
  void downloadLater(void* to, const void* from, std::size_t bytes) override {
    check(api_->copy(to, from, bytes, CudaCopy::DeviceToHost, stream_), "Copying from the graphics card");
  }
  void* allocateHost(std::size_t bytes) override {
    void* pointer = nullptr;
    return api_->allocateHost(&pointer, bytes) == 0 ? pointer : nullptr;
  }
  void releaseHost(void* pointer) noexcept override {
    if (pointer) api_->releaseHost(pointer);
  }
  void copy(void* to, const void* from, std::size_t bytes) override {
    check(api_->copy(to, from, bytes, CudaCopy::DeviceToDevice, stream_), "Copying on the graphics card");
  }
  void fill(void* to, std::uint8_t byte, std::size_t bytes) override {
    check(api_->fill(to, byte, bytes, stream_), "cudaMemset");
  }
  std::size_t available() const override {
    std::size_t available = 0, total = 0;
    check(api_->memoryInfo(&available, &total), "cudaMemGetInfo");
    return available;
  }

  void* stream() const { return stream_; }

  template <class Kernel>
  void launch(const char* name, const Kernel& kernel, Index count) {
    static_assert(std::is_trivially_copyable_v<Kernel> && sizeof(Kernel) <= 4000,
                  "a kernel is a block of plain parameters");
    if (count <= 0) return;
    const unsigned threads = count < kFew ? kFewThreads : kThreads;
    const Index blocks = (count + threads - 1) / threads;
    if (blocks > 0x7fffffff)
      throw Error(ExitCode::Memory, std::string("The launch of ") + name + " is too large.",
                  "Use fewer views at once.");
    void* arguments[] = {const_cast<Kernel*>(&kernel), &count};
    check(api_->launch(name, Kernels::template pointer<Kernel>(), unsigned(blocks), threads, arguments, stream_),
          std::string("Launching ") + name);
  }

  // A graph made of the launches of one iteration.
  class Recording {
   public:
    Recording() = default;
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    ~Recording() { forget(); }
    void forget() noexcept {
      if (executable_) api_->executableDestroy(executable_);
      executable_ = nullptr;
    }

   private:
    friend class CudaExecutor;
    const CudaApi* api_ = nullptr;
    void* executable_ = nullptr;
  };
  template <class Launches>
  void play(Recording& recording, const Launches& launches) {
    if (!recording.executable_) record(recording, launches);
    check(api_->graphLaunch(recording.executable_, stream_), "Launching the iteration");
  }

 private:
  void check(CudaCode code, const std::string& call) const { checkCuda(*api_, code, call); }
  void wait() { check(api_->streamWait(stream_), "Waiting for the graphics card"); }
  // Made when first needed; asked for once.
  bool haveStaging() {
    if (!staging_ && !std::exchange(asked_, true)) staging_ = allocateHost(kStagingBytes);
    return staging_;
  }

  template <class Launches>
  void record(Recording& recording, const Launches& launches) {
    recording.api_ = api_;
    void* graph = nullptr;
    check(api_->captureBegin(stream_), "Recording the iteration");
    try {
      launches();
    } catch (...) {
      if (api_->captureEnd(stream_, &graph) == 0 && graph) api_->graphDestroy(graph);
      throw;
    }
    check(api_->captureEnd(stream_, &graph), "Recording the iteration");
    void* executable = nullptr;
    const CudaCode code = api_->graphInstantiate(&executable, graph);
    api_->graphDestroy(graph);
    check(code, "Making the iteration ready");
    recording.executable_ = executable;
  }

  const CudaApi* api_;
  void *stream_ = nullptr, *staging_ = nullptr;
  bool asked_ = false;  // for staging_
};

}  // namespace penumbra::device
