// The exam that every method sits: the same shapes, cameras, masks and held-out views, the same on every machine.
//
// Frame, masks and held-out views: optim/eval/exam_views.h. Train cameras:
//   Fibonacci  as there, azimuth offset 0.3
//   Ring       one circle, 20 degrees above the ground, as far away
//   Star       8 azimuths in each of 8 heights, distance 2, fov 53.13 degrees
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra::quality {

enum class CameraSet { Fibonacci, Ring, Star };
const char* toString(CameraSet cameras);

struct Setup {
  CameraSet cameras = CameraSet::Fibonacci;
  int views = 16, size = 512;
  int seed = 0;  // turns the train cameras; 0: as above
};

std::vector<Camera> trainCameras(const Setup& setup);

// `shape` in the frame above.
ViewSet makeExam(const Mesh& shape, const std::string& name, const Setup& setup, ThreadPool& pool);

// What goes wrong with real masks and cameras; held-out views stay as they are.
enum class Noise {
  None,
  Binary,       // masks cut at one half
  DilateErode,  // every mask grown or shrunk by one pixel, by chance
  Jitter,       // every camera turned by 0.2 degrees and shifted by 0.3 % of its distance
  Dropped,      // 10 % of the views are missing
  Corrupt       // half of the object is missing in one mask
};
inline constexpr Noise kNoises[] = {Noise::Binary, Noise::DilateErode, Noise::Jitter, Noise::Dropped, Noise::Corrupt};
const char* toString(Noise noise);
void disturb(ViewSet& views, Noise noise, int seed);

// A shape of the exam: a name, and a file somewhere below the folders searched.
struct Shape {
  std::string name, file;
};
// From a list of names and groups: "table", "thin", "more", "dev", "exam" (all but dev), "all". Throws Error(Usage) for an unknown name.
std::vector<Shape> shapesNamed(const std::string& list);
std::optional<std::filesystem::path> findShape(const Shape& shape, const std::vector<std::filesystem::path>& folders);
// Read and put into the frame above. Throws Error(Input) when it is not closed and consistently wound: without a
// volume there is nothing to compare with.
Mesh readShape(const std::filesystem::path& file);

}  // namespace penumbra::quality
