// A graphics card made of host memory behind the table of CUDA functions: launches run at once, or when a graph they
// were recorded into is launched. Copies into page-locked memory arrive when the stream is waited for. Counts what is
// alive and what is read back, and fails the n-th call with a code of one's choice, or that and all behind it, as a card
// does that is lost. Buffers of OpenGL are host memory too; they can be written while mapped.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "renderer/cuda/atomic.h"
#include "renderer/cuda/cuda_api.h"

namespace penumbra {

// What a pointer to a kernel points to here.
struct FakeKernel {
  std::size_t bytes;
  void (*run)(const void* kernel, device::Index count);
};
struct FakeKernels {
  template <class Kernel>
  static const void* pointer() {
    static const FakeKernel entry{sizeof(Kernel), [](const void* kernel, device::Index count) {
                                    const Kernel& k = *static_cast<const Kernel*>(kernel);
                                    for (device::Index i = 0; i < count; ++i) k(i);
                                  }};
    return &entry;
  }
};

// One at a time: the functions of the table have no place for a pointer to it.
class FakeCuda {
 public:
  int driver = 13000, runtime = 13000, devices = 1, major = 9, minor = 0;
  std::size_t memory = std::size_t(1) << 34;
  long calls = 0, failAt = -1;  // the call of this number (from 0) fails with failCode
  int failCode = 700;
  bool staysFailed = false;  // so do all calls behind it, those that give something back too
  std::string broken;  // name of a call that fails whenever it is made
  std::string failed;  // name of the call that did, the first of them
  long launches = 0, recorded = 0, replays = 0;  // launches into a graph are counted as both
  std::map<void*, std::size_t> allocations, hostAllocations;
  bool pageLocks = true;  // is there page-locked memory?
  std::map<std::size_t, int> downloads;  // how many, by their bytes
  int waits = 0, unlocked = 0;  // for the stream; downloads into other than page-locked memory
  int streams = 0, graphs = 0, executables = 0, events = 0;
  std::map<unsigned, std::vector<char>> glBuffers;  // by OpenGL's name; fill in what there is
  std::vector<int> glDevices = {0};
  int registered = 0, mapped = 0;
  std::vector<std::string> log;  // of all calls that can fail, when keepLog is set
  bool keepLog = false;
  std::size_t used = 0, most = 0;  // bytes
  std::map<std::string, device::Index> kernels;  // launched, and the most threads of a launch
  // Looks on while a kernel runs: is to call `run`.
  std::function<void(const char* kernel, device::Index count, const std::function<void()>& run)> around;
  // Between a real OpenGL and the memory here: how large is this buffer of it, and what it holds from now on.
  std::function<std::size_t(unsigned buffer)> sizeOfGlBuffer;
  std::function<void(unsigned buffer, const std::vector<char>& bytes)> onUnmap;
  bool foreignCalls = false;  // something was allocated or waited for while recording: real CUDA refuses

  FakeCuda() { self() = this; }
  ~FakeCuda() {
    for (const auto* all : {&allocations, &hostAllocations})
      for (const auto& [pointer, bytes] : *all) std::free(pointer);
    self() = nullptr;
  }
  FakeCuda(const FakeCuda&) = delete;
  FakeCuda& operator=(const FakeCuda&) = delete;

  bool clean() const {
    return allocations.empty() && hostAllocations.empty() && streams == 0 && graphs == 0 && executables == 0 && events == 0 && registered == 0 &&
           mapped == 0;
  }
  const device::CudaApi& api() const { return table(); }

 private:
  using Graph = std::vector<std::function<void()>>;
  static FakeCuda*& self() {
    static FakeCuda* one = nullptr;
    return one;
  }
  struct GlResource {
    unsigned buffer;
    bool mapped = false;
  };
  int call(const char* name) {
    if (keepLog) log.push_back(name);
    const bool fails = calls == failAt || isLost() || broken == name;
    ++calls;
    if (!fails) return 0;
    if (failed.empty()) failed = name;
    return failCode;
  }
  bool isLost() const { return staysFailed && failAt >= 0 && calls > failAt; }
  // Of calls that give something back, which is gone in any case.
  static int givenBack() { return self()->isLost() ? self()->failCode : 0; }
  // A piece of work: now, or into the graph.
  void submit(std::function<void()> work) {
    if (recording) recording->push_back(std::move(work));
    else work();
  }

  static int allocate(void** pointer, std::size_t bytes) {
    FakeCuda& f = *self();
    f.foreignCalls |= f.recording != nullptr;
    if (const int code = f.call("allocate")) return code;
    if (f.used + bytes > f.memory) return device::kCudaOutOfMemory;
    *pointer = std::malloc(bytes);
    std::memset(*pointer, 0xab, bytes);
    f.allocations[*pointer] = bytes;
    f.used += bytes;
    if (f.used > f.most) f.most = f.used;
    return 0;
  }
  static int release(void* pointer) {
    FakeCuda& f = *self();
    const auto entry = f.allocations.find(pointer);
    if (entry == f.allocations.end()) return 1;
    f.used -= entry->second;
    std::free(pointer);
    f.allocations.erase(entry);
    return givenBack();  // a failure could not be told to anyone
  }
  static int allocateHost(void** pointer, std::size_t bytes) {
    FakeCuda& f = *self();
    f.foreignCalls |= f.recording != nullptr;
    if (const int code = f.call("allocateHost")) return code;
    if (!f.pageLocks) return device::kCudaOutOfMemory;
    *pointer = std::malloc(bytes);
    std::memset(*pointer, 0xab, bytes);
    f.hostAllocations[*pointer] = bytes;
    return 0;
  }
  static int releaseHost(void* pointer) {
    if (!self()->hostAllocations.erase(pointer)) return 1;
    std::free(pointer);
    return givenBack();
  }
  bool isPageLocked(const void* pointer) const {
    const char* const p = static_cast<const char*>(pointer);
    return std::any_of(hostAllocations.begin(), hostAllocations.end(), [&](const auto& entry) {
      const char* const first = static_cast<const char*>(entry.first);
      return std::greater_equal<>()(p, first) && std::less<>()(p, first + entry.second);
    });
  }
  static int copy(void* to, const void* from, std::size_t bytes, device::CudaCopy kind, void*) {
    FakeCuda& f = *self();
    f.foreignCalls |= f.recording && kind != device::CudaCopy::DeviceToDevice;
    if (const int code = f.call("copy")) return code;
    const bool down = kind == device::CudaCopy::DeviceToHost;
    if (down) ++f.downloads[bytes];
    if (down && f.isPageLocked(to)) {
      const char* const first = static_cast<const char*>(from);
      f.underway.push_back({to, std::vector<char>(first, first + bytes)});
      return 0;
    }
    f.unlocked += down;
    f.submit([=] { std::memcpy(to, from, bytes); });
    return 0;
  }
  static int streamWait(void*) {
    FakeCuda& f = *self();
    f.foreignCalls |= f.recording != nullptr;
    ++f.waits;
    if (const int code = f.call("streamWait")) return code;
    for (const auto& [to, bytes] : std::exchange(f.underway, {}))
      if (f.isPageLocked(to)) std::memcpy(to, bytes.data(), bytes.size());
    return 0;
  }
  static int fill(void* to, int byte, std::size_t bytes, void*) {
    if (const int code = self()->call("fill")) return code;
    self()->submit([=] { std::memset(to, byte, bytes); });
    return 0;
  }
  static int launch(const char* name, const void* kernel, unsigned blocks, unsigned threads, void** arguments, void*) {
    FakeCuda& f = *self();
    if (const int code = f.call("launch")) return code;
    const FakeKernel* entry = static_cast<const FakeKernel*>(kernel);
    const device::Index count = *static_cast<const device::Index*>(arguments[1]);
    if (device::Index(blocks) * threads < count || threads % 32 != 0) return 9;
    std::vector<char> parameters(entry->bytes);
    std::memcpy(parameters.data(), arguments[0], entry->bytes);
    ++f.launches;
    f.recorded += f.recording != nullptr;
    f.kernels[name] = std::max(f.kernels[name], count);
    f.submit([=] {
      const auto run = [&] { entry->run(parameters.data(), count); };
      if (self()->around) self()->around(name, count, run);
      else run();
    });
    return 0;
  }
  static int streamCreate(void** stream) {
    if (const int code = self()->call("streamCreate")) return code;
    *stream = self();
    ++self()->streams;
    return 0;
  }
  static int captureBegin(void*) {
    if (const int code = self()->call("captureBegin")) return code;
    self()->recording = new Graph;
    ++self()->graphs;
    return 0;
  }
  static int captureEnd(void*, void** graph) {
    FakeCuda& f = *self();
    *graph = std::exchange(f.recording, nullptr);
    if (const int code = f.call("captureEnd")) {
      graphDestroy(std::exchange(*graph, nullptr));
      return code;
    }
    return 0;
  }
  static int graphDestroy(void* graph) {
    delete static_cast<Graph*>(graph);
    --self()->graphs;
    return givenBack();
  }
  static int graphInstantiate(void** executable, void* graph) {
    if (const int code = self()->call("graphInstantiate")) return code;
    *executable = new Graph(*static_cast<Graph*>(graph));
    ++self()->executables;
    return 0;
  }
  static int graphLaunch(void* executable, void*) {
    if (const int code = self()->call("graphLaunch")) return code;
    for (const auto& work : *static_cast<Graph*>(executable)) work();
    ++self()->replays;
    return 0;
  }
  static int eventCreate(void** event) {
    if (const int code = self()->call("eventCreate")) return code;
    *event = new char;
    ++self()->events;
    return 0;
  }
  static int registerGlBuffer(void** resource, unsigned buffer) {
    if (const int code = self()->call("registerGlBuffer")) return code;
    if (self()->sizeOfGlBuffer) self()->glBuffers[buffer].assign(self()->sizeOfGlBuffer(buffer), 0);
    if (!self()->glBuffers.count(buffer)) return 1;
    *resource = new GlResource{buffer};
    ++self()->registered;
    return 0;
  }
  static int unregister(void* resource) {
    self()->call("unregister");
    GlResource* r = static_cast<GlResource*>(resource);
    self()->mapped -= r->mapped;
    delete r;
    --self()->registered;
    return 0;
  }
  static int map(void* resource, void*) {
    if (const int code = self()->call("map")) return code;
    GlResource& r = *static_cast<GlResource*>(resource);
    if (std::exchange(r.mapped, true)) return 208;  // already mapped
    ++self()->mapped;
    return 0;
  }
  static int mappedPointer(void** pointer, std::size_t* bytes, void* resource) {
    if (const int code = self()->call("mappedPointer")) return code;
    const GlResource& r = *static_cast<GlResource*>(resource);
    if (!r.mapped) return 211;
    *pointer = self()->glBuffers.at(r.buffer).data();
    *bytes = self()->glBuffers.at(r.buffer).size();
    return 0;
  }
  // Unmaps even when it is made to fail: what real CUDA then leaves behind is not known.
  static int unmap(void* resource, void*) {
    GlResource& r = *static_cast<GlResource*>(resource);
    if (!std::exchange(r.mapped, false)) return 211;
    --self()->mapped;
    if (self()->onUnmap) self()->onUnmap(r.buffer, self()->glBuffers.at(r.buffer));
    return self()->call("unmap");
  }
  static int glDevicesOf(int* devices, int most, int* count) {
    *count = 0;
    for (const int device : self()->glDevices)
      if (*count < most) devices[(*count)++] = device;
    return self()->call("glDevices");
  }
  static const device::CudaApi& table() {
    static const device::CudaApi api = [] {
      device::CudaApi t{};
      t.driverVersion = [](int* v) {
        *v = self()->driver;
        return self()->call("driverVersion");
      };
      t.runtimeVersion = [](int* v) {
        *v = self()->runtime;
        return self()->call("runtimeVersion");
      };
      t.deviceCount = [](int* n) {
        *n = self()->devices;
        return self()->call("deviceCount");
      };
      t.deviceInfo = [](int, device::CudaDeviceInfo* info) {
        *info = {"Fake 1000", self()->major, self()->minor, self()->memory};
        return self()->call("deviceInfo");
      };
      t.setDevice = [](int) { return self()->call("setDevice"); };
      t.memoryInfo = [](std::size_t* available, std::size_t* total) {
        *total = self()->memory;
        *available = self()->memory - self()->used;
        return self()->call("memoryInfo");
      };
      t.kernelUsable = [] { return self()->call("kernelUsable"); };
      t.allocate = allocate;
      t.release = release;
      t.allocateHost = allocateHost;
      t.releaseHost = releaseHost;
      t.copy = copy;
      t.fill = fill;
      t.streamCreate = streamCreate;
      t.streamDestroy = [](void*) {
        --self()->streams;
        return givenBack();
      };
      t.streamWait = streamWait;
      t.launch = launch;
      t.captureBegin = captureBegin;
      t.captureEnd = captureEnd;
      t.graphInstantiate = graphInstantiate;
      t.graphLaunch = graphLaunch;
      t.graphDestroy = graphDestroy;
      t.executableDestroy = [](void* e) {
        delete static_cast<Graph*>(e);
        --self()->executables;
        return givenBack();
      };
      t.eventCreate = t.eventCreateTimed = eventCreate;
      t.eventRecord = [](void*, void*) { return self()->call("eventRecord"); };
      t.eventWait = [](void*) { return self()->call("eventWait"); };
      t.streamWaitEvent = [](void*, void*) { return self()->call("streamWaitEvent"); };
      t.eventElapsed = [](float* ms, void*, void*) {
        *ms = 1;
        return self()->call("eventElapsed");
      };
      t.eventDestroy = [](void* event) {
        delete static_cast<char*>(event);
        --self()->events;
        return givenBack();
      };
      t.glDevices = glDevicesOf;
      t.registerGlBuffer = registerGlBuffer;
      t.unregister = unregister;
      t.map = map;
      t.mappedPointer = mappedPointer;
      t.unmap = unmap;
      t.errorName = [](int) { return "cudaErrorFake"; };
      t.errorText = [](int) { return "it was made to fail"; };
      return t;
    }();
    return api;
  }

  Graph* recording = nullptr;
  std::vector<std::pair<void*, std::vector<char>>> underway;  // copies into page-locked memory
};

}  // namespace penumbra
