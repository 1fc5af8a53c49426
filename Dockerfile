# footvol as a BIDS App. See docs/containers.md.
FROM python:3.11 AS build
WORKDIR /source
COPY . .
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .
RUN python -m venv /opt/footvol \
    && /opt/footvol/bin/pip install --no-cache-dir --constraint requirements.lock /wheels/*.whl

FROM python:3.11-slim
COPY --from=build /opt/footvol /opt/footvol
ENV PATH=/opt/footvol/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1
# Any user will do. This one owns nothing and has no home.
USER 65534:65534
ENTRYPOINT ["footvol"]
CMD ["--help"]
