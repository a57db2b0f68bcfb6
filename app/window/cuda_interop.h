// Draws what the graphics card computes without a copy through the host: the window's buffers are registered with CUDA, and
// the newest published mesh and pictures are copied into them within the card.
//
// Of a frame: map the buffers, let the stream wait for the publisher's event, copy, unmap. The optimiser never waits for a
// frame, and never writes into a buffer of OpenGL. All of it happens on the thread that owns the OpenGL context.
//
// Whatever fails switches this off for good, with a sentence that says why; the caller goes on with copies through the host.
// The only file of the window that knows CUDA, through its table of functions; no header of CUDA or OpenGL is needed.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "renderer/cuda/published.h"

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

  // Copies positions and normals, or all pictures, into these buffers of OpenGL, which have room for them. False: it failed
  // and is off now.
  bool copy(std::shared_ptr<const PublishedGeometry> geometry, unsigned positions, unsigned normals);
  bool copy(std::shared_ptr<const PublishedPictures> pictures, unsigned values);
  // To be called before a buffer given to copy() gets other storage or is deleted.
  void forgetBuffer(unsigned buffer);

 private:
  struct Registered {
    unsigned buffer = 0;
    void* resource = nullptr;
  };
  // What is drawn of one kind, apart from the others: nothing waits for another kind's copies.
  struct Lane {
    void* copied = nullptr;               // event: the copies of the last frame are done
    std::shared_ptr<const void> reading;  // by copies perhaps still under way
  };
  struct Piece {
    unsigned buffer;
    const void* from;
    std::size_t bytes;
  };

  void check(device::CudaCode code, const char* call) const { device::checkCuda(*api_, code, call); }
  void tryOut(unsigned tinyBuffer);
  void attach(unsigned buffer);
  void* resourceOf(unsigned buffer) const;
  bool copy(Lane& lane, std::shared_ptr<const void> source, void* ready, std::span<const Piece> pieces);
  void finishEarlier(Lane& lane);
  void copyNow(Lane& lane, void* ready, std::span<const Piece> pieces);
  void forgetBuffers();
  void switchOff(const std::string& why);

  const device::CudaApi* api_;
  bool probed_ = false, usable_ = false;
  std::string reason_;
  void* stream_ = nullptr;
  Lane mesh_, pictures_;
  std::vector<Registered> registered_;
};

}  // namespace penumbra
