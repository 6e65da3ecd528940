from locust import HttpUser, LoadTestShape, constant_pacing, task

class Viewer(HttpUser):
    wait_time = constant_pacing(0.5)

    @task
    def read(self):
        self.client.get("/api/chat?viewer=locust", name="read")

    @task
    def say(self):
        self.client.post("/api/chat?viewer=locust", data="hello", name="say")

class Steps(LoadTestShape):
    steps = [1, 2, 4, 8, 16, 4]
    hold_s = 9

    def tick(self):
        index = int(self.get_run_time() // self.hold_s)
        return (self.steps[index], 100) if index < len(self.steps) else None
