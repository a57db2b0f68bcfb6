// Draws what the graphics card computes without a copy through the host: the window's buffers are registered with CUDA, and
// the newest published mesh is copied into them within the card.
//
// Of a frame: map both buffers, let the stream wait for the publisher's event, copy, unmap. The optimiser never waits for a
// frame, and never writes into a buffer of OpenGL. All of it happens on the thread that owns the OpenGL context.
//
// Whatever fails switches this off for good, with a sentence that says why; the caller goes on with copies through the host.
// The only file of the window that knows CUDA, through its table of functions; no header of CUDA or OpenGL is needed.
#pragma once
#include <memory>
#include <string>

#include "renderer/cuda/geometry_ring.h"

namespace penumbra {

enum class InteropMode { Auto, On, Off };

class CudaInterop {
 public:
  // Null: a build without CUDA.
  CudaInterop(const device::CudaApi* api, InteropMode mode);
  ~CudaInterop();
  CudaInterop(const CudaInterop&) = delete;
  CudaInterop& operator=(const CudaInterop&) = delete;

  // Asks, once, whether it works here: is the current OpenGL context on the card that computes, and can this buffer of
  // OpenGL (a few bytes) be registered and mapped?
  void probe(unsigned tinyBuffer);
  bool probed() const { return probed_; }
  bool usable() const { return usable_; }
  const std::string& reason() const { return reason_; }  // why not; empty while usable or not asked yet

  // Copies positions and normals into these buffers of OpenGL, which have room for them. False: it failed and is off now.
  bool copy(std::shared_ptr<const PublishedGeometry> geometry, unsigned positions, unsigned normals);
  // To be called before buffers given to copy() get other storage or are deleted.
  void forgetBuffers();

 private:
  struct Registered {
    unsigned buffer = 0;
    void* resource = nullptr;
  };

  void check(device::CudaCode code, const char* call) const { device::checkCuda(*api_, code, call); }
  void tryOut(unsigned tinyBuffer);
  void attach(Registered& to, unsigned buffer);
  void detach(Registered& from);
  void finishEarlier();
  void copyNow(const PublishedGeometry& geometry);
  void switchOff(const std::string& why);

  const device::CudaApi* api_;
  bool probed_ = false, usable_ = false;
  std::string reason_;
  void *stream_ = nullptr, *copied_ = nullptr;       // event: the copies of the last frame are done
  Registered positions_, normals_;
  std::shared_ptr<const PublishedGeometry> reading_;  // by copies perhaps still under way
};

}  // namespace penumbra
