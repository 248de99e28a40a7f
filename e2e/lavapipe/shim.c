/* Stands in for Chromium's libvk_swiftshader.so and hands every call on to the Vulkan driver named in SPIN_ICD, under
 * SwiftShader's identity: Chromium takes no other software adapter than its own. For test machines.
 * Build: cc -shared -fPIC -o libvk_swiftshader.so shim.c -ldl */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*Function)(void);
typedef Function (*Lookup)(void *instance, const char *name);

/* The first fields of VkPhysicalDeviceProperties; those of VkPhysicalDeviceProperties2 follow sType and pNext. */
struct Properties { uint32_t api_version, driver_version, vendor, device, type; };
struct Properties2 { uint32_t structure_type; void *next; struct Properties properties; };

static Lookup driver_instance_lookup, driver_device_lookup;
static int (*driver_negotiate)(uint32_t *version);
static void (*driver_properties)(void *, struct Properties *);
static void (*driver_properties2)(void *, struct Properties2 *);

static void open_driver(void) {
  if (driver_instance_lookup) return;
  const char *file = getenv("SPIN_ICD");
  void *driver = file ? dlopen(file, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!driver) {
    fprintf(stderr, "shim: SPIN_ICD=%s: %s\n", file ? file : "", file ? dlerror() : "not set");
    abort();
  }
  driver_device_lookup = (Lookup)dlsym(driver, "vk_icdGetPhysicalDeviceProcAddr");
  driver_negotiate = (int (*)(uint32_t *))dlsym(driver, "vk_icdNegotiateLoaderICDInterfaceVersion");
  driver_instance_lookup = (Lookup)dlsym(driver, "vk_icdGetInstanceProcAddr");
}

static void disguise(struct Properties *properties) {
  properties->vendor = 0x1AE0; /* Google */
  properties->device = 0xC0DE; /* SwiftShader */
  properties->type = 4;        /* VK_PHYSICAL_DEVICE_TYPE_CPU */
}

static void properties(void *device, struct Properties *out) {
  driver_properties(device, out);
  disguise(out);
}

static void properties2(void *device, struct Properties2 *out) {
  driver_properties2(device, out);
  disguise(&out->properties);
}

/* The driver's function, or ours where it tells who the device is. */
static Function found(const char *name, Function function) {
  if (!function) return NULL;
  if (!strcmp(name, "vkGetPhysicalDeviceProperties")) {
    driver_properties = (void (*)(void *, struct Properties *))function;
    return (Function)properties;
  }
  if (!strcmp(name, "vkGetPhysicalDeviceProperties2") || !strcmp(name, "vkGetPhysicalDeviceProperties2KHR")) {
    driver_properties2 = (void (*)(void *, struct Properties2 *))function;
    return (Function)properties2;
  }
  return function;
}

Function vk_icdGetInstanceProcAddr(void *instance, const char *name) {
  open_driver();
  return found(name, driver_instance_lookup(instance, name));
}

Function vk_icdGetPhysicalDeviceProcAddr(void *instance, const char *name) {
  open_driver();
  return driver_device_lookup ? found(name, driver_device_lookup(instance, name)) : NULL;
}

Function vkGetInstanceProcAddr(void *instance, const char *name) { return vk_icdGetInstanceProcAddr(instance, name); }

int vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  open_driver();
  return driver_negotiate(version);
}
