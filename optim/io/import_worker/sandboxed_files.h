// The only files a parser can see: the model itself under a fixed name, and regular files in its folder.
#pragma once
#include <string>

#include <assimp/IOStream.hpp>
#include <assimp/IOSystem.hpp>

namespace penumbra {

class SandboxedFiles : public Assimp::IOSystem {
 public:
  // `content` is the model, opened as `name`; `folder` is where its buffers lie; empty: nothing else may be read.
  SandboxedFiles(std::string name, const std::string& content, std::string folder, std::size_t maxBytes)
      : name_(std::move(name)), content_(content), folder_(std::move(folder)), bytesLeft_(maxBytes) {}

  bool Exists(const char* file) const override;
  char getOsSeparator() const override { return '/'; }
  Assimp::IOStream* Open(const char* file, const char* mode) override;
  void Close(Assimp::IOStream* stream) override { delete stream; }
  bool ComparePaths(const char* one, const char* second) const override { return std::string(one) == second; }

  // Why the last request was turned down, empty when none was.
  const std::string& refusal() const { return refusal_; }

 private:
  bool isModel(const std::string& file) const;
  std::string readNeighbour(const std::string& file);

  std::string name_;
  const std::string& content_;
  std::string folder_;
  std::size_t bytesLeft_;
  std::string refusal_;
};

}  // namespace penumbra
