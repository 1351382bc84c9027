#!/usr/bin/python3
"""Runs in the test machine: carries out what Machine (../machine.py) asks over a virtio-serial port.

One JSON object per line each way, one request at a time, binary data in base64. A virtio port, not the console: the kernel
and systemd write to the console whenever they like, and a terminal changes line ends and echoes.
"""
import base64
import json
import os
import signal
import subprocess
import time

PORT = "/dev/virtio-ports/benchd.agent"
# As in a person's shell: in a service podman leaves conmon in the service's cgroup. (It goes by INVOCATION_ID, we believe.)
ENVIRONMENT = {"HOME": "/root", "USER": "root", "LANG": "C.UTF-8",
               "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def run(request):
    # A session of its own, so that a timeout ends the whole pipeline and not only its shell.
    process = subprocess.Popen(["/bin/bash", "-c", request["command"]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=ENVIRONMENT, start_new_session=True)
    timed_out = False
    try:
        out, err = process.communicate(timeout=request["timeout"])
    except subprocess.TimeoutExpired:
        timed_out = True
        os.killpg(process.pid, signal.SIGKILL)
        try:
            out, err = process.communicate(timeout=10)
        except subprocess.TimeoutExpired as leftover:  # a daemon that left the session still holds the pipes
            out, err = leftover.stdout or b"", leftover.stderr or b""
    return {"rc": process.returncode, "timed_out": timed_out, "out": encode(out), "err": encode(err)}


def put(request):
    os.makedirs(os.path.dirname(request["path"]), exist_ok=True)
    with open(request["path"], "wb") as file:
        file.write(base64.b64decode(request["data"]))
    os.chmod(request["path"], request["mode"])
    return {}


def get(request):
    with open(request["path"], "rb") as file:
        return {"data": encode(file.read())}


def encode(data):
    return base64.b64encode(data).decode()


def main():
    # udev makes the name once the driver is loaded, which may be after this service's start.
    while not os.path.exists(PORT):
        time.sleep(0.1)
    with open(PORT, "r+b", buffering=0) as port:
        reader = open(port.fileno(), "rb", closefd=False)

        def send(message):
            data = json.dumps(message).encode() + b"\n"
            while data:
                data = data[port.write(data):]

        send({"ready": True})
        for line in reader:
            try:
                request = json.loads(line)
                reply = {"run": run, "put": put, "get": get}[request["do"]](request)
            except Exception as error:  # whatever it is, the test on the other side is who must hear of it
                reply = {"error": f"{type(error).__name__}: {error}"}
            send(reply)


if __name__ == "__main__":
    main()
